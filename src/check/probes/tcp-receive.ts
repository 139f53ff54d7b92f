/** What a server says of itself, or after it was told something, over a connection that is open already. */
import type { Socket } from "node:net";
import { ProbeFailure } from "../failure.ts";
import { broken, reasonOf } from "./connection.ts";
import type { Trace } from "./trace.ts";

/** Bytes that are read. */
export const receiveLimit = 16_384;

/** After so long without a byte, what has come is taken for all of it. */
const quietMs = 500;

/**
 * How a text stands that may still grow: `open`: it is not what is expected yet; `holds`: it is, unless more comes;
 * `settled`: it is, whatever comes.
 */
export type Standing = "open" | "holds" | "settled";

/** What is awaited, and from whom. */
export interface Expectation {
  readonly standing: (text: string) => Standing;
  /** For people. */
  readonly place: string;
}

/** Why nothing more is read: `enough` came; the other side `closed`; time was up. */
type End = "enough" | "closed" | "timeout";

export interface Received {
  /** As UTF-8; bytes that are none become U+FFFD. */
  readonly text: string;
  /** There was more than `receiveLimit`. */
  readonly truncated: boolean;
  readonly end: End;
  /** From the start of the attempt to the last byte; to the call where none came. */
  readonly totalMs: number;
}

/**
 * Reads until what came is settled; until it holds and nothing follows for 500 ms; until it is more than `receiveLimit`;
 * until the other side closes, or time is up. The connection is the caller's to close.
 * @throws ProbeFailure of `tcp.reset` or `tls.handshake` for a connection that breaks.
 */
export async function receive(
  socket: Socket,
  expectation: Expectation,
  trace: Trace,
  signal: AbortSignal,
): Promise<Received> {
  const reading = new Reading(expectation, trace);
  const listeners = {
    data: (chunk: Buffer) => {
      reading.add(chunk);
    },
    end: () => {
      reading.end("closed");
    },
    close: () => {
      reading.end("closed");
    },
    error: (error: Error) => {
      reading.fail(brokenOff(error, expectation.place));
    },
  };
  const timeOut = () => {
    reading.end("timeout");
  };
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  signal.addEventListener("abort", timeOut, { once: true });
  reading.look();
  if (signal.aborted) timeOut();
  // Both have happened already: no event will tell.
  if (socket.errored !== null) listeners.error(socket.errored);
  if (socket.destroyed || socket.readableEnded) listeners.close();
  try {
    return await reading.result();
  } finally {
    signal.removeEventListener("abort", timeOut);
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
  }
}

class Reading {
  readonly #expectation: Expectation;
  readonly #trace: Trace;
  readonly #ended = Promise.withResolvers<End>();
  #bytes = Buffer.alloc(0);
  #totalMs: number;
  #quiet: NodeJS.Timeout | undefined;

  constructor(expectation: Expectation, trace: Trace) {
    this.#expectation = expectation;
    this.#trace = trace;
    this.#totalMs = trace.totalMs;
  }

  add(chunk: Buffer): void {
    this.#trace.end(this.#bytes.length === 0 ? "firstByte" : "download");
    this.#totalMs = this.#trace.totalMs;
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.look();
  }

  /** Whether what has come is enough. */
  look(): void {
    clearTimeout(this.#quiet);
    try {
      const standing = this.#expectation.standing(this.#text);
      if (standing === "settled" || this.#truncated) this.end("enough");
      else if (standing === "holds") this.#quiet = setTimeout(() => this.end("enough"), quietMs);
    } catch (error) {
      this.fail(error);
    }
  }

  end(why: End): void {
    this.#ended.resolve(why);
  }

  fail(error: unknown): void {
    this.#ended.reject(error);
  }

  async result(): Promise<Received> {
    try {
      const end = await this.#ended.promise;
      return { text: this.#text, truncated: this.#truncated, end, totalMs: this.#totalMs };
    } finally {
      clearTimeout(this.#quiet);
    }
  }

  get #text(): string {
    return this.#bytes.subarray(0, receiveLimit).toString();
  }

  get #truncated(): boolean {
    return this.#bytes.length > receiveLimit;
  }
}

function brokenOff(error: unknown, place: string): ProbeFailure {
  const message = `${place} broke the connection off: ${reasonOf(error).message}`;
  return broken(error, place) ?? new ProbeFailure("tcp.reset", message, { cause: error });
}
