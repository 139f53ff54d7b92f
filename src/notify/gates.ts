import type { ActionKind } from "../model/action.ts";
import { describeError } from "../model/errors.ts";
import type { DeliveryError } from "../model/errors.ts";
import { formatRate } from "../model/settings.ts";
import type { Rate } from "../model/settings.ts";
import { afterTry, closedBreaker, closedUntil } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import { Pace } from "./pace.ts";

/** A message that wants to go out. */
export interface Asking {
  readonly action: string;
  readonly kind: ActionKind;
  readonly rate?: Rate | undefined;
  /** Messages of one lane take each other's turn: its incident. */
  readonly lane: string;
}

/** Why a message cannot go out now, and when (ms) to ask again. */
export interface Wait {
  /** `open`: its action is left alone. */
  readonly reason: "rate" | "open";
  readonly until: number;
  readonly why: string;
}

/** Leave to send one message. Disposed of before it has ended, nothing was sent. */
export interface Pass extends Disposable {
  /** What the receiver made of it; says what that changes for the whole action. */
  end(error: DeliveryError | null, at: { readonly now: number; readonly random: number }): Change | null;
}

export type Change = "opened" | "closed";

interface Gate {
  breaker: Breaker;
  readonly pace: Pace;
  /** What went wrong last. */
  trouble: string;
}

/** What this process knows of each action's receiver: whether it answers, and how much it has been sent. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Leave to send now, or why not. */
  enter({ action, kind, rate, lane }: Asking, now: number): Pass | Wait {
    const gate = this.#of(action);
    const until = closedUntil(gate.breaker, now);
    if (until !== null)
      return {
        reason: "open",
        until,
        why: `not tried: ${action} is left alone for a while (${gate.trouble})`,
      };
    const turn = rate === undefined ? null : gate.pace.enter(lane, rate, now);
    if (rate !== undefined && turn !== null)
      return {
        reason: "rate",
        until: turn,
        why: `waits for its turn: ${action} is sent ${formatRate(rate)}`,
      };
    const isTrial = gate.breaker.pauses > 0;
    if (isTrial) gate.breaker = { ...gate.breaker, isTrying: true };
    let hasEnded = false;
    return {
      end(error, at) {
        hasEnded = true;
        return settle(gate, error, { kind, isTrial, ...at });
      },
      [Symbol.dispose]() {
        if (hasEnded) return;
        gate.pace.giveBack(now);
        if (isTrial) gate.breaker = { ...gate.breaker, isTrying: false };
      },
    };
  }

  #of(action: string): Gate {
    const known = this.#gates.get(action);
    if (known !== undefined) return known;
    const gate = { breaker: closedBreaker, pace: new Pace(), trouble: "" };
    this.#gates.set(action, gate);
    return gate;
  }
}

interface Circumstances {
  readonly kind: ActionKind;
  readonly isTrial: boolean;
  readonly now: number;
  readonly random: number;
}

function settle(gate: Gate, error: DeliveryError | null, circumstances: Circumstances): Change | null {
  const before = gate.breaker;
  gate.breaker = afterTry(before, { error, ...circumstances });
  if (error !== null) gate.trouble = describeError(error);
  const isOpen = gate.breaker.pauses > 0;
  if (isOpen === before.pauses > 0) return null;
  return isOpen ? "opened" : "closed";
}
