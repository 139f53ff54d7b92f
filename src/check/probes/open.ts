/** Connections as checks open them: timed phase by phase, the certificate judged before anything is said. */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { asFailure, failed } from "../failure.ts";
import type { Finding } from "../probe-type.ts";
import { examine } from "./certificate.ts";
import { connectTcp, connectTls, endpoint, type TlsWish } from "./connection.ts";
import type { Hide } from "../../model/hide.ts";
import type { Trace } from "./trace.ts";

/** What to open at the trace's address. */
export interface Opening {
  readonly port: number;
  /** Whose certificate it must be; null for a connection without TLS. */
  readonly tls: Pick<TlsWish, "host" | "alpn"> | null;
}

/**
 * TCP, and TLS on it where it is wished for.
 * @throws ProbeFailure of `tcp.*`, `tls.*` or `location.*`; the connection is closed then.
 */
export async function open({ port, tls }: Opening, trace: Trace, signal: AbortSignal): Promise<Socket> {
  trace.begin();
  const socket = await connectTcp(trace.remote, port, signal);
  trace.connected(socket);
  if (tls === null) return socket;
  return secure(socket, { ...tls, place: endpoint(trace.remote, port) }, trace, signal);
}

/**
 * TLS over a connection that is open. What is sent over it may be secret: so a certificate that does not hold ends it.
 * @throws ProbeFailure of `tls.*`; the connection is closed then.
 */
export async function secure(
  socket: Socket,
  wish: TlsWish,
  trace: Trace,
  signal: AbortSignal,
): Promise<TLSSocket> {
  trace.begin();
  const tls = await connectTls(socket, wish, signal);
  trace.end("tls");
  try {
    const { details, failure } = examine(tls, { host: wish.host, place: wish.place, now: Date.now() });
    trace.tls = details;
    trace.begin();
    if (failure === undefined) return tls;
    throw failure;
  } catch (error) {
    tls.destroy();
    throw error;
  }
}

/** What an attempt that did not get through has found. What is told of it may repeat what was sent. */
export function gaveUp(error: unknown, trace: Trace, hide: Hide = (text) => text): Finding {
  const { errorClass, message } = asFailure(error);
  return { ...failed({ errorClass, message: hide(message) }), ...trace.facts(), assertions: [] };
}
