/** One request and its answer over a connection that is open already. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { once } from "node:events";
import type { Socket } from "node:net";
import { ProbeFailure } from "../failure.ts";
import { reasonOf, within } from "./connection.ts";

// ESM's `import "node:http"` runs its getters and loads undici: 25 ms of each cold start on Lambda.
const http = process.getBuiltinModule("node:http");

export interface Question {
  readonly url: URL;
  readonly method: "GET" | "HEAD";
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer comes from, for people. */
  readonly place: string;
}

export interface Body {
  readonly bytes: Buffer;
  /** There is more than `max-body`. */
  readonly truncated: boolean;
}

/**
 * Sends the request and waits for the head of the answer.
 * @throws ProbeFailure of `http.timeout-first-byte`, `http.protocol`, `tcp.reset` or `tls.handshake`.
 */
export async function ask(socket: Socket, question: Question, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, headers, place } = question;
  const request: ClientRequest = http.request({
    // No agent at all: agents resume TLS sessions, and obey proxy settings that are not the check's.
    createConnection: () => socket,
    method,
    path: url.pathname + url.search,
    headers: { host: url.host, ...headers },
  });
  request.on("error", () => undefined);
  request.end();
  try {
    const [response] = (await once(request, "response", { signal })) as [IncomingMessage];
    response.on("error", () => undefined);
    return response;
  } catch (error) {
    throw answerFailure(error, place, signal);
  }
}

function answerFailure(error: unknown, place: string, signal: AbortSignal): ProbeFailure {
  const options = { cause: error };
  if (signal.aborted) {
    return new ProbeFailure("http.timeout-first-byte", `no answer from ${place}${within(signal)}`, options);
  }
  const { code, message } = reasonOf(error);
  // Servers that want a client certificate say so after the handshake (TLS 1.3).
  if (code.startsWith("ERR_SSL_")) {
    return new ProbeFailure("tls.handshake", `${place} ended the TLS connection: ${message}`, options);
  }
  if (isReset(error)) {
    return new ProbeFailure("tcp.reset", `${place} reset the connection instead of answering`, options);
  }
  const reason =
    code === "ECONNRESET" ? "closed the connection without an answer" : `did not answer in HTTP: ${message}`;
  return new ProbeFailure("http.protocol", `${place} ${reason}`, options);
}

/** A reset from the network; Node gives the same code, without a system call, to a connection that was closed. */
function isReset(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return (code === "ECONNRESET" && syscall !== undefined) || code === "EPIPE";
}

/**
 * Reads at most `limit` bytes, and leaves the rest where it is.
 * @throws ProbeFailure of `http.timeout-body` or `http.truncated`.
 */
export async function readBody(
  response: IncomingMessage,
  { limit, place }: { readonly limit: number; readonly place: string },
  signal: AbortSignal,
): Promise<Body> {
  const chunks: Buffer[] = [];
  let size = 0;
  const cut = () => {
    response.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    signal.throwIfAborted();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) break;
    }
  } catch (error) {
    throw bodyFailure(error, { response, size, place }, signal);
  } finally {
    signal.removeEventListener("abort", cut);
  }
  return { bytes: Buffer.concat(chunks).subarray(0, limit), truncated: size > limit };
}

function bodyFailure(
  error: unknown,
  { response, size, place }: { response: IncomingMessage; size: number; place: string },
  signal: AbortSignal,
): ProbeFailure {
  const announced = response.headers["content-length"];
  const got = `${size} bytes${announced === undefined ? "" : ` of ${announced}`}`;
  if (signal.aborted) {
    return new ProbeFailure("http.timeout-body", `${place} sent ${got}${within(signal)}`, { cause: error });
  }
  return new ProbeFailure("http.truncated", `${place} ended its answer after ${got}`, { cause: error });
}
