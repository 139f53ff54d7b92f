import ipaddr from "ipaddr.js";
import { networkOf } from "./origin.ts";

/** Networks that are counted at a time: whoever has more addresses must not have our memory. */
const maxNetworks = 1000;

/** How many wrong tokens came from where within a time. */
export class GuessCount {
  readonly #windowMs: number;
  readonly #networks = new Map<string, { readonly since: number; readonly count: number }>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Counts one more; gives how many came from this address's network since the first within the window. */
  add(address: string, now: number): number {
    const network = ipaddr.isValid(address) ? networkOf(address) : address;
    const before = this.#networks.get(network);
    const isOver = before === undefined || now - before.since >= this.#windowMs;
    const after = isOver ? { since: now, count: 1 } : { since: before.since, count: before.count + 1 };
    // Put last: the one that has been silent for longest is forgotten first.
    this.#networks.delete(network);
    this.#networks.set(network, after);
    const [oldest] = this.#networks.keys();
    if (this.#networks.size > maxNetworks && oldest !== undefined) this.#networks.delete(oldest);
    return after.count;
  }
}
