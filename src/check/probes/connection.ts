/** Connections to one pinned address, phase by phase. */
import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as startTls, type TLSSocket } from "node:tls";
import { DeadlineError } from "../../model/errors.ts";
import { formatDuration } from "../../model/settings.ts";
import { ProbeFailure, type ErrorClass } from "../failure.ts";
import type { Address } from "../resolve.ts";

/**
 * A TCP connection to one address, without happy eyeballs: its 250 ms before the second address would be in the timing.
 * @throws ProbeFailure of `tcp.*` or `location.*`.
 */
export async function connectTcp(to: Address, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({
    host: to.address,
    port,
    family: to.family,
    autoSelectFamily: false,
    noDelay: true,
  });
  // Errors that come while nobody waits (a reset while the body is judged) must not end the process.
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw tcpFailure(error, to, endpoint(to, port), signal);
  }
}

export interface TlsWish {
  /** Whom the certificate must be for, and what SNI asks for. */
  readonly host: string;
  /** Who is connected to, for people. */
  readonly place: string;
  /** The protocols that are offered (RFC 7301), best first; none: no offer. */
  readonly alpn?: readonly string[];
}

/**
 * TLS over a connection. An unauthorized certificate is no error here: its dates are evidence, so judging it is the
 * caller's (`examine`), before anything is sent. Without an agent no session is resumed, which would hide the
 * certificate.
 * @throws ProbeFailure of `tls.handshake` or `tls.timeout`.
 */
export async function connectTls(
  socket: Socket,
  { host, place, alpn = ["http/1.1"] }: TlsWish,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const tls = startTls({
    socket,
    host,
    ...(isIP(host) === 0 ? { servername: host.replace(/\.$/, "") } : {}),
    rejectUnauthorized: false,
    ALPNProtocols: [...alpn],
  });
  tls.on("error", () => undefined);
  try {
    await once(tls, "secureConnect", { signal });
    return tls;
  } catch (error) {
    tls.destroy();
    if (signal.aborted) {
      throw new ProbeFailure("tls.timeout", `no TLS handshake with ${place}${within(signal)}`, {
        cause: error,
      });
    }
    throw new ProbeFailure("tls.handshake", `TLS handshake with ${place} failed: ${tlsReason(error)}`, {
      cause: error,
    });
  }
}

/** Closes a connection when what is on its way has left; after a second, whatever the other side does. */
export function letGo(socket: Socket): void {
  const late = setTimeout(() => socket.destroy(), 1000);
  socket.once("close", () => {
    clearTimeout(late);
  });
  socket.destroySoon();
}

/** `203.0.113.7:443`, `[2001:db8::1]:443` */
export function endpoint({ address, family }: Address, port: number): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** ` within 5s` for a signal that a deadline aborted. */
export function within(signal: AbortSignal): string {
  return signal.reason instanceof DeadlineError ? ` within ${formatDuration(signal.reason.limitMs)}` : "";
}

/** Node's, OpenSSL's and the kernel's words for what happened; OpenSSL's `message` is a line of its log. */
export function reasonOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message, cause, reason } = error as NodeJS.ErrnoException & { readonly reason?: string };
  if (code === "ABORT_ERR" && cause instanceof Error) return reasonOf(cause);
  return { code: code ?? "", message: reason ?? message };
}

/**
 * What it is called when an open connection breaks while an answer is awaited. Node gives the code of a reset, without a
 * system call, also to a connection that was closed: that is none; undefined for it and for what is not the network's.
 */
export function broken(error: unknown, place: string): ProbeFailure | undefined {
  const { code, message } = reasonOf(error);
  const options = { cause: error };
  // Servers that want a client certificate say so after the handshake (TLS 1.3).
  if (code.startsWith("ERR_SSL_")) {
    return new ProbeFailure("tls.handshake", `${place} ended the TLS connection: ${message}`, options);
  }
  const { syscall } = error as NodeJS.ErrnoException;
  if ((code === "ECONNRESET" && syscall !== undefined) || code === "EPIPE") {
    return new ProbeFailure("tcp.reset", `${place} reset the connection instead of answering`, options);
  }
  return undefined;
}

const tcpClasses: Readonly<Record<string, readonly [ErrorClass, string]>> = {
  ECONNREFUSED: ["tcp.refused", "refused the connection"],
  ECONNRESET: ["tcp.reset", "reset the connection"],
  ETIMEDOUT: ["tcp.timeout", "did not answer the connection"],
  EHOSTUNREACH: ["tcp.unreachable", "cannot be reached: no route to the host"],
  ENETUNREACH: ["tcp.unreachable", "cannot be reached: no route to its network"],
};

/** Connections that failed before they left this machine. */
const ownFaults: Readonly<Record<string, ErrorClass>> = {
  EMFILE: "location.resources",
  ENFILE: "location.resources",
  ENOBUFS: "location.resources",
  ENOMEM: "location.resources",
  EAGAIN: "location.resources",
  EADDRNOTAVAIL: "location.resources",
  ENETDOWN: "location.network",
  EAFNOSUPPORT: "location.network",
  EACCES: "location.network",
  EPERM: "location.network",
};

/** What to call a failure of this machine's own network calls; `location.bug` for a code that we have not met. */
export function ownFaultOf(code: string): ErrorClass {
  return ownFaults[code] ?? "location.bug";
}

const noRoute: ReadonlySet<string> = new Set(["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL"]);

function tcpFailure(error: unknown, { family }: Address, place: string, signal: AbortSignal): ProbeFailure {
  const options = { cause: error };
  if (signal.aborted) {
    return new ProbeFailure("tcp.timeout", `no connection to ${place}${within(signal)}`, options);
  }
  const { code, message } = reasonOf(error);
  // Without a route for IPv6 this location cannot tell; for IPv4 the controls do.
  if (family === 6 && noRoute.has(code)) {
    return new ProbeFailure("location.network", `there is no route from here to ${place} (${code})`, options);
  }
  const known = tcpClasses[code];
  if (known !== undefined) return new ProbeFailure(known[0], `${place} ${known[1]}`, options);
  return new ProbeFailure(
    ownFaultOf(code),
    `this location could not connect to ${place}: ${message}`,
    options,
  );
}

const tlsReasons: Readonly<Record<string, string>> = {
  ECONNRESET: "the connection was closed",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks no TLS version that this location knows",
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: "it speaks none of the protocols that were offered (ALPN)",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it speaks no TLS version that this location knows",
};

function tlsReason(error: unknown): string {
  const { code, message } = reasonOf(error);
  return tlsReasons[code] ?? message;
}
