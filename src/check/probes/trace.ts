import type { Socket } from "node:net";
import { noTimings, type Timings, type TlsDetails } from "../../model/observation.ts";
import type { Finding } from "../probe-type.ts";
import type { Address } from "../resolve.ts";

/** What an attempt has seen so far; it stays when the attempt fails half-way. */
export class Trace {
  readonly #timings = { ...noTimings };
  readonly #start: number;
  #lap: number;
  #remote: Address;
  #localAddress: string | undefined;
  tls: TlsDetails | undefined;

  constructor(remote: Address, dnsMs: number | null) {
    this.#remote = remote;
    this.#timings.dns = dnsMs;
    this.#lap = performance.now();
    // The name was resolved before the attempt: its time belongs to the total.
    this.#start = this.#lap - (dnsMs ?? 0);
  }

  get remote(): Address {
    return this.#remote;
  }

  /** The attempt goes on at another address; what was seen of the last one's TLS is over. */
  moveTo(remote: Address): void {
    this.#remote = remote;
    this.tls = undefined;
  }

  /** What comes next starts now. */
  begin(): void {
    this.#lap = performance.now();
  }

  /** A phase that started at `begin` or at the end of the last one has ended. Over redirects phases add up. */
  end(phase: Exclude<keyof Timings, "total">): void {
    const now = performance.now();
    this.#timings[phase] = (this.#timings[phase] ?? 0) + now - this.#lap;
    this.#lap = now;
  }

  /** The phase `tcp` has ended, with this connection. */
  connected({ localAddress }: Pick<Socket, "localAddress">): void {
    this.end("tcp");
    this.#localAddress = localAddress;
  }

  /** From the question for the name to now. */
  get totalMs(): number {
    return performance.now() - this.#start;
  }

  /** The part of a finding that holds however the attempt ended. */
  facts(): Pick<Finding, "remoteAddress" | "ipVersion" | "timings" | "localAddress" | "tls"> {
    return {
      remoteAddress: this.#remote.address,
      ipVersion: this.#remote.family,
      timings: { ...this.#timings, total: this.totalMs },
      ...(this.#localAddress === undefined ? {} : { localAddress: this.#localAddress }),
      ...(this.tls === undefined ? {} : { tls: this.tls }),
    };
  }
}
