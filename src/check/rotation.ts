import { failed } from "./failure.ts";
import type { Finding } from "./probe-type.ts";
import type { Address } from "./resolve.ts";

/**
 * The addresses of a name in turn. An IPv6 address that this location has no route to leaves the turn: it is "not
 * testable here". As soon as another one answers, the location has IPv6 after all, and having no route to an address is
 * the target's affair: those that left come back, to be tried next.
 */
export class Rotation {
  #turn: readonly Address[];
  #noRoute: readonly Address[] = [];
  readonly #seen = new Set<Address>();
  #ipv6Works = false;

  /** At least one. */
  constructor(addresses: readonly Address[]) {
    this.#turn = addresses;
  }

  /** How many are in the turn. */
  get size(): number {
    return this.#turn.length;
  }

  /** Those in the turn that no try could tell of. */
  get unseen(): readonly Address[] {
    return this.#turn.filter((address) => !this.#seen.has(address));
  }

  next(): Address {
    const [first, ...rest] = this.#turn;
    // Never empty: the last one does not leave.
    const address = first as Address;
    this.#turn = [...rest, address];
    return address;
  }

  /** What a try at the address given last found; undefined: nothing, another one is to be tried instead. */
  judge(finding: Finding): Finding | undefined {
    const address = this.#turn.at(-1) as Address;
    if (finding.outcome !== "error") this.#seen.add(address);
    // What a redirect led to says nothing of the way to this address.
    if (address.family === 4 || finding.remoteAddress !== address.address) return finding;
    if (finding.timings.tcp !== null) this.#comeBack();
    else if (finding.errorClass === "location.network") return this.#withoutRoute(address, finding);
    return finding;
  }

  #withoutRoute(address: Address, finding: Finding): Finding | undefined {
    if (this.#ipv6Works) return { ...finding, ...failed({ ...finding, errorClass: "tcp.unreachable" }) };
    if (this.#turn.length === 1) return finding;
    this.#noRoute = [...this.#noRoute, address];
    this.#turn = this.#turn.slice(0, -1);
    return undefined;
  }

  #comeBack(): void {
    this.#ipv6Works = true;
    this.#turn = [...this.#noRoute, ...this.#turn];
    this.#noRoute = [];
  }
}
