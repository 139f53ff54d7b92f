/** One question to one DNS server: over UDP, and again over TCP when the answer does not fit (RFC 1035 §4.2, RFC 7766). */
import { createSocket } from "node:dgram";
import { randomInt } from "node:crypto";
import type { Socket } from "node:net";
import { ProbeFailure } from "../failure.ts";
import { connectTcp, ownFaultOf, reasonOf, within } from "../probes/connection.ts";
import { decodeAnswer, encodeQuestion, nameFault, type DnsMessage, type DnsQuestion } from "./message.ts";
import { nameOf, type DnsServer } from "./dns-server.ts";

/** What goes out, and where to. */
interface Query {
  readonly server: DnsServer;
  readonly question: DnsQuestion;
  readonly id: number;
  readonly bytes: Buffer;
}

/**
 * The answer, whatever its response code is. Id and port are random, and only what comes from the server's address,
 * with this id and for this question, is an answer: anybody can send datagrams.
 * @throws ProbeFailure: `dns.timeout`; `dns.nxdomain` for what can be no name; `dns.refused` where nobody listens; `dns.protocol` for an answer that is none;
 * `location.network`, `location.resources` or `location.bug` when the question never went out.
 */
export async function askDns(
  server: DnsServer,
  question: DnsQuestion,
  signal: AbortSignal,
): Promise<DnsMessage> {
  const fault = nameFault(question.name);
  if (fault !== undefined) throw new ProbeFailure("dns.nxdomain", fault);
  const id = randomInt(0x1_0000);
  const query = { server, question, id, bytes: encodeQuestion(id, question) };
  try {
    const answer = await overUdp(query, signal);
    return answer.truncated ? await overTcp(query, signal) : answer;
  } catch (error) {
    throw failureOf(error, query, signal);
  }
}

async function overUdp({ server, question, id, bytes }: Query, signal: AbortSignal): Promise<DnsMessage> {
  const socket = createSocket(server.family === 6 ? "udp6" : "udp4");
  const { promise, resolve, reject } = Promise.withResolvers<DnsMessage>();
  let strange = 0;
  const abort = () => {
    reject(strange === 0 ? signal.reason : strangers(strange, signal));
  };
  signal.addEventListener("abort", abort, { once: true });
  socket.on("error", reject);
  socket.on("message", (message) => {
    try {
      const answer = decodeAnswer(message, id, question);
      if (answer === undefined) strange += 1;
      else resolve(answer);
    } catch (error) {
      reject(error);
    }
  });
  try {
    signal.throwIfAborted();
    // Connected, the kernel drops what others send, and tells when nobody listens.
    socket.connect(server.port, server.address, () => {
      socket.send(bytes);
    });
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.close();
  }
}

function strangers(count: number, signal: AbortSignal): ProbeFailure {
  const what = count === 1 ? "a datagram that is" : `${count} datagrams that are`;
  return new ProbeFailure("dns.protocol", `${what} no answer to the question${within(signal)}`);
}

/** Two bytes of length, then the message. */
async function overTcp(query: Query, signal: AbortSignal): Promise<DnsMessage> {
  const { server, question, id, bytes } = query;
  const socket = await connectTcp(server, server.port, signal);
  const cut = () => {
    socket.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
    const answer = decodeAnswer(await readMessage(socket, signal), id, question);
    if (answer !== undefined && !answer.truncated) return answer;
    throw new ProbeFailure("dns.protocol", "something over TCP that is no answer to the question");
  } finally {
    signal.removeEventListener("abort", cut);
    socket.destroy();
  }
}

async function readMessage(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  let cause: unknown;
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE()) return bytes.subarray(2);
    }
  } catch (error) {
    cause = error;
  }
  signal.throwIfAborted();
  throw new ProbeFailure("dns.protocol", `only ${bytes.length} bytes of its answer over TCP`, { cause });
}

function failureOf(error: unknown, { server, question }: Query, signal: AbortSignal): ProbeFailure {
  const who = nameOf(server);
  const options = { cause: error };
  if (error instanceof ProbeFailure && error.errorClass === "dns.protocol")
    return new ProbeFailure("dns.protocol", `${who} sent ${error.message}`, options);
  if (signal.aborted) {
    const asked = `${question.name} ${question.type}`;
    return new ProbeFailure("dns.timeout", `no answer from ${who} for ${asked}${within(signal)}`, options);
  }
  if (error instanceof ProbeFailure) {
    if (error.errorClass.startsWith("location.")) return error;
    const message = `${who} sent an answer that is too long for UDP; for TCP, ${error.message}`;
    return new ProbeFailure("dns.protocol", message, options);
  }
  const { code, message } = reasonOf(error);
  if (code === "ECONNREFUSED")
    return new ProbeFailure("dns.refused", `nobody answers DNS at ${who}: its port is closed`, options);
  if (code !== "EHOSTUNREACH" && code !== "ENETUNREACH")
    return new ProbeFailure(ownFaultOf(code), `this location could not ask ${who}: ${message}`, options);
  const fault = server.family === 6 ? "location.network" : "dns.timeout";
  return new ProbeFailure(fault, `there is no route from here to ${who} (${code})`, options);
}
