/** One request and its answer over HTTP/2 (RFC 9113), on a connection that is open already. */
import type * as Http2 from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { abortable } from "../abortable.ts";
import type { ProbeFailure } from "../failure.ts";
import { reasonOf } from "./connection.ts";
import { joined } from "./headers.ts";
import {
  answerFailure,
  cutOff,
  lengthOf,
  limitInterim,
  type Question,
  type Response,
} from "./http-exchange.ts";

/** Loaded by who needs it: not every target does, and on Lambda it would be a part of each cold start. */
export function loadHttp2(): typeof Http2 {
  return process.getBuiltinModule("node:http2");
}

/**
 * What may be on its way unread: about what TCP lets HTTP/1.1 have, so that a body takes as long over either. Of the 65,535
 * bytes of RFC 9113 §6.5.2 each would cost a round trip.
 */
const windowSize = 1_048_576;

/** An answer over HTTP/2, which may have headers behind its body. */
export interface Http2Response extends Response {
  readonly stream: ClientHttp2Stream;
  /** Those behind the body, once it is read; none before. */
  trailers(): Readonly<Record<string, string>>;
}

/** The server takes this request over HTTP/1.1 only (RFC 9113 §7), and would have failed with `failure` otherwise. */
export class Http1Required extends Error {
  override name = "Http1Required";
  readonly failure: ProbeFailure;

  constructor(failure: ProbeFailure) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

/**
 * Sends the request and waits for the head of the answer. The session lives as long as its socket, which the caller
 * destroys.
 * @throws ProbeFailure as `ask` does, or Http1Required.
 */
export async function askHttp2(
  socket: Socket,
  question: Question,
  signal: AbortSignal,
): Promise<Http2Response> {
  const session = openSession(socket, question.url);
  const head = Promise.withResolvers<IncomingHttpHeaders>();
  // Nobody waits for it any more when the time is up.
  head.promise.catch(() => undefined);
  let stream: ClientHttp2Stream | undefined;
  try {
    stream = session.request(headersOf(question), { endStream: question.body === undefined });
    const trailers = listen(stream, head);
    if (question.body !== undefined) stream.end(question.body);
    return responseOf({ session, stream, trailers, head: await abortable(head.promise, signal) });
  } catch (error) {
    const failure = answerFailure(inHttp2(error, session, stream), question.place, signal);
    throw errorName(stream) === "HTTP_1_1_REQUIRED" ? new Http1Required(failure) : failure;
  }
}

function openSession(socket: Socket, { origin }: URL): ClientHttp2Session {
  const session = loadHttp2().connect(origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: windowSize },
  });
  session.on("error", () => undefined);
  session.once("connect", () => {
    session.setLocalWindowSize(windowSize);
  });
  return session;
}

/** Gives the trailers as they are known. */
function listen(
  stream: ClientHttp2Stream,
  head: PromiseWithResolvers<IncomingHttpHeaders>,
): () => IncomingHttpHeaders {
  let trailers: IncomingHttpHeaders = {};
  stream.on("error", head.reject);
  // A stream that the server cancels, or that goes with its connection, ends without an error.
  stream.on("close", () => {
    head.reject(new Error("closed"));
  });
  stream.once("response", head.resolve);
  limitInterim(stream, "headers");
  stream.once("trailers", (headers: IncomingHttpHeaders) => {
    trailers = headers;
  });
  return () => trailers;
}

function responseOf({
  session,
  stream,
  trailers,
  head,
}: {
  readonly session: ClientHttp2Session;
  readonly stream: ClientHttp2Stream;
  readonly trailers: () => IncomingHttpHeaders;
  readonly head: IncomingHttpHeaders;
}): Http2Response {
  const { ":status": status, ...headers } = head;
  return {
    statusCode: Number(status),
    version: "2",
    headers: joined(headers),
    stream,
    trailers: () => joined(trailers()),
    flaw(size, error) {
      // With NO_ERROR a stream may be ended early, and looks as if it had come to its end.
      const short = !stream.endAfterHeaders && Number(headers["content-length"]) > size;
      if (error === undefined && (stream.rstCode ?? 0) === 0) return short ? cutOff : undefined;
      const { code, message } = reasonOf(inHttp2(error ?? new Error("closed"), session, stream));
      return code === "" ? { errorClass: "http.protocol", message } : cutOff;
    },
  };
}

/** What RFC 9113 §8.2.2 forbids, being about the connection; `host` is called `:authority`. */
const connectionHeaders = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "upgrade",
]);

/** What may be sent; of `te` that is one word. */
function isSendable([name, value]: readonly [string, string]): boolean {
  return !connectionHeaders.has(name) && (name !== "te" || value === "trailers");
}

function headersOf({ url, method, headers, body }: Question): Record<string, string> {
  const fields = Object.entries(headers).filter(isSendable);
  return {
    ":method": method,
    ":scheme": url.protocol.slice(0, -1),
    ":authority": headers["host"] ?? url.host,
    ":path": url.pathname + url.search,
    ...Object.fromEntries(fields),
    ...lengthOf(body),
  };
}

/** RFC 9113 §7, by number. */
const errorNames = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

function errorName(stream: ClientHttp2Stream | undefined): string {
  const code = stream?.rstCode ?? 0;
  return errorNames[code] ?? `error ${code}`;
}

/**
 * What ended a stream, as HTTP/1.1 would have it: with a code what the network did, `ECONNRESET` being a connection that was
 * closed; without one what HTTP/2 did, in the words of RFC 9113.
 */
function inHttp2(
  error: unknown,
  session: ClientHttp2Session,
  stream: ClientHttp2Stream | undefined,
): unknown {
  const { code } = reasonOf(error);
  if (code !== "" && !code.startsWith("ERR_HTTP2_")) return error;
  const closed = code === "" && session.destroyed;
  if (closed) return Object.assign(new Error("closed"), { code: "ECONNRESET" });
  // The library's own word for frames that are none.
  const what = code === "ERR_HTTP2_ERROR" ? reasonOf(error).message : errorName(stream);
  return new Error(`HTTP/2 ended with ${what}`, { cause: error });
}
