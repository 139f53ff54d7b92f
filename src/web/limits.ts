import { readFileSync } from "node:fs";

/** How long callers may take, and how many there may be at once. Times in ms. */
export interface ConnectionLimits {
  /** Until TLS is agreed on. */
  readonly handshakeMs: number;
  /** Until a request's headers are there. */
  readonly headersMs: number;
  /** Until the whole request is there; how long its answer takes is another matter. */
  readonly requestMs: number;
  /** Between two requests; more than proxies keep a connection (60 s), or they use one that is just being closed. */
  readonly idleMs: number;
  /** Without a byte in either direction; more than an answer may be waited for. */
  readonly silentMs: number;
  /** How often the times are looked at. */
  readonly lookMs: number;
  /** Connections; those beyond are closed at once. */
  readonly connections: number;
  /** Requests over one connection, so that senders spread again over replicas. */
  readonly requests: number;
}

/** Other files than connections that a process has open: the database, probes, deliveries. */
const reservedFiles = 500;

/** What a server and an agent allow. */
export function usualLimits(): ConnectionLimits {
  return {
    handshakeMs: 10_000,
    headersMs: 10_000,
    requestMs: 30_000,
    idleMs: 65_000,
    silentMs: 180_000,
    lookMs: 2000,
    connections: Math.max(100, Math.min(10_000, openFiles() - reservedFiles)),
    requests: 10_000,
  };
}

/** How many files this process may have open (proc(5)); without bound where nobody says. */
function openFiles(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? Infinity : Number(soft);
  } catch {
    return Infinity;
  }
}
