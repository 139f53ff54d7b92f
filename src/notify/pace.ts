import type { Rate } from "../model/settings.ts";

/** One whose turn has come and who has not shown up for so long does not want it any more: another replica has sent it. */
const absentMs = 5000;

/**
 * Keeps an action's rate: at most so many messages in any stretch of the rate's length. Those that have to wait go in the
 * order in which they first asked. In memory: the rate is each replica's.
 */
export class Pace {
  /** When messages went out, the oldest first, as far back as the rate looks. */
  readonly #sent: number[] = [];
  /** When it is whose turn, in order. */
  readonly #turns = new Map<string, number>();

  /**
   * Null: a lane's message may go now, and is counted. Else when (ms) its turn will come, as far as one can tell:
   * it is to ask again then, and may ask before.
   */
  enter(lane: string, rate: Rate, now: number): number | null {
    this.#forget(now, rate.perMs);
    const free = rate.count - this.#sent.length;
    const before = this.#before(lane, now);
    if (free > before) {
      this.#turns.delete(lane);
      this.#sent.push(now);
      return null;
    }
    const known = this.#turns.get(lane);
    if (known !== undefined && known > now) return known;
    const place = known === undefined ? this.#turns.size : before;
    const turn = this.#turnOf(place - Math.max(free, 0), rate, now);
    this.#turns.set(lane, turn);
    return turn;
  }

  /** What was counted at a time (ms) has not gone out after all. */
  giveBack(at: number): void {
    const index = this.#sent.lastIndexOf(at);
    if (index !== -1) this.#sent.splice(index, 1);
  }

  /** How many others, who asked first, have their turn now. */
  #before(lane: string, now: number): number {
    let before = 0;
    for (const [other, turn] of this.#turns) {
      if (other === lane || turn > now) break;
      if (turn + absentMs < now) this.#turns.delete(other);
      else before += 1;
    }
    return before;
  }

  /** Each message that went out makes room for another one when the rate's length has passed, that one for a third. */
  #turnOf(place: number, { count, perMs }: Rate, now: number): number {
    const rounds = Math.floor(place / count) + 1;
    return (this.#sent[place % count] ?? now) + rounds * perMs;
  }

  #forget(now: number, perMs: number): void {
    const first = this.#sent.findIndex((at) => at + perMs > now);
    this.#sent.splice(0, first === -1 ? this.#sent.length : first);
  }
}
