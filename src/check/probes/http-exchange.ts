/** One request and its answer over HTTP/1.1, and what both versions share. */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { abortable } from "../abortable.ts";
import { ProbeFailure } from "../failure.ts";
import { broken, reasonOf, within } from "./connection.ts";
import { joined } from "./headers.ts";

// ESM's `import "node:http"` runs its getters and loads undici: 25 ms of each cold start on Lambda.
const http = process.getBuiltinModule("node:http");

export interface Question {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  /** Where the answer comes from, for people. */
  readonly place: string;
}

/** The head of an answer, and its body on the way. */
export interface Response {
  readonly statusCode: number;
  /** `1.0`, `1.1`, `2` */
  readonly version: string;
  /** Names in lower case, repeated ones as one text. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: Readable;
  /** What is wrong with a body that has ended after `size` bytes, with `error` if its stream failed; undefined: nothing. */
  flaw(size: number, error?: unknown): Pick<ProbeFailure, "errorClass" | "message"> | undefined;
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
export async function ask(socket: Socket, question: Question, signal: AbortSignal): Promise<Response> {
  const { url, method, headers, body, place } = question;
  const request: ClientRequest = http.request({
    // No agent at all: agents resume TLS sessions, and obey proxy settings that are not the check's.
    createConnection: () => socket,
    method,
    path: url.pathname + url.search,
    headers: { host: url.host, ...headers, ...lengthOf(body) },
  });
  request.end(body);
  try {
    const response = await headOf(request, signal);
    const { statusCode = 0 } = response;
    return {
      statusCode,
      version: response.httpVersion,
      headers: joined(response.headers),
      // Whoever changes the protocol unasked has no more to say in this one.
      stream: statusCode === 101 ? Readable.from([]) : response,
      flaw: (_, error) => (error === undefined ? undefined : cutOff),
    };
  } catch (error) {
    throw answerFailure(error, place, signal);
  }
}

/** The head of the answer, whatever it is; rejects with the signal's reason, or what Node says. */
export async function headOf(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  request.on("error", () => undefined);
  limitInterim(request, "information");
  const answered = Promise.withResolvers<IncomingMessage>();
  // A 101 with an `Upgrade` header is no response to Node, one that lacks it is one like any other.
  for (const event of ["upgrade", "response"]) request.once(event, answered.resolve);
  request.once("error", answered.reject);
  const response = await abortable(answered.promise, signal);
  response.on("error", () => undefined);
  return response;
}

/** Servers send one or two of them; without an end to them nothing else would get its turn. */
const mostInterim = 20;

/** Ends a request that is answered with interim answers (1xx) and nothing else. */
export function limitInterim(
  request: ClientRequest | ClientHttp2Stream,
  event: "information" | "headers",
): void {
  let count = 0;
  request.on(event, () => {
    count += 1;
    const message = `more than ${mostInterim} interim answers (1xx)`;
    if (count > mostInterim) request.destroy(Object.assign(new Error(message), { code: "EPROTO" }));
  });
}

/** Said outright: left to Node, DELETE and OPTIONS would send a body without saying how long it is. */
export function lengthOf(body: Buffer | undefined): Record<string, string> {
  return body === undefined ? {} : { "content-length": String(body.length) };
}

/** What a body is called that ends before its time. */
export const cutOff = { errorClass: "http.truncated", message: "" } as const;

/** What it is called when there was no head of an answer. */
export function answerFailure(error: unknown, place: string, signal: AbortSignal): ProbeFailure {
  const options = { cause: error };
  if (signal.aborted) {
    return new ProbeFailure("http.timeout-first-byte", `no answer from ${place}${within(signal)}`, options);
  }
  const failure = broken(error, place);
  if (failure !== undefined) return failure;
  const { code, message } = reasonOf(error);
  const reason =
    code === "ECONNRESET" ? "closed the connection without an answer" : `did not answer in HTTP: ${message}`;
  return new ProbeFailure("http.protocol", `${place} ${reason}`, options);
}

/**
 * Reads at most `limit` bytes, and leaves the rest where it is.
 * @throws ProbeFailure of `http.timeout-body`, `http.truncated` or, of HTTP/2, `http.protocol`.
 */
export async function readBody(
  response: Response,
  { limit, place }: { readonly limit: number; readonly place: string },
  signal: AbortSignal,
): Promise<Body> {
  const { stream } = response;
  let bytes: Buffer = Buffer.alloc(0);
  let size = 0;
  const cut = () => {
    stream.destroy();
  };
  signal.addEventListener("abort", cut, { once: true });
  try {
    signal.throwIfAborted();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes = added(bytes, size, chunk);
      size += chunk.length;
      if (size > limit) break;
    }
    signal.throwIfAborted();
  } catch (error) {
    throw bodyFailure(error, { response, size, place }, signal);
  } finally {
    signal.removeEventListener("abort", cut);
  }
  if (size <= limit && response.flaw(size) !== undefined)
    throw bodyFailure(undefined, { response, size, place }, signal);
  return { bytes: bytes.subarray(0, Math.min(size, limit)), truncated: size > limit };
}

/** The bytes, `size` of them so far, with more behind. A list of chunks could be a million bytes, one by one. */
function added(bytes: Buffer, size: number, chunk: Buffer): Buffer {
  const room = size + chunk.length <= bytes.length ? bytes : Buffer.alloc(2 * (size + chunk.length));
  if (room !== bytes) bytes.copy(room, 0, 0, size);
  chunk.copy(room, size);
  return room;
}

function bodyFailure(
  error: unknown,
  { response, size, place }: { response: Response; size: number; place: string },
  signal: AbortSignal,
): ProbeFailure {
  const announced = response.headers["content-length"];
  const got = `${size} bytes${announced === undefined ? "" : ` of ${announced}`}`;
  if (signal.aborted) {
    return new ProbeFailure("http.timeout-body", `${place} sent ${got}${within(signal)}`, { cause: error });
  }
  const { errorClass, message } = response.flaw(size, error) ?? cutOff;
  const why = message === "" ? "" : `: ${message}`;
  return new ProbeFailure(errorClass, `${place} ended its answer after ${got}${why}`, { cause: error });
}
