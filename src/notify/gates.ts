import type { ActionKind } from "../model/action.ts";
import { describeError } from "../model/errors.ts";
import type { DeliveryError } from "../model/errors.ts";
import { formatRate } from "../model/settings.ts";
import type { ActionSettings } from "./action-type.ts";
import { afterTry, closedBreaker, closedUntil } from "./breaker.ts";
import type { Breaker } from "./breaker.ts";
import { Pace } from "./pace.ts";

/** A message that wants to go out. */
export interface Asking {
  /** Of its action, as the configuration has them; another object after a reload. */
  readonly settings: Pick<ActionSettings, "name" | "rate">;
  readonly kind: ActionKind;
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
  settings: Asking["settings"];
  breaker: Breaker;
  readonly pace: Pace;
  /** What went wrong last. */
  trouble: string;
}

/** What this process knows of each action's receiver: whether it answers, and how much it has been sent. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Leave to send now, or why not. */
  enter({ settings, kind, lane }: Asking, now: number): Pass | Wait {
    const { name, rate } = settings;
    const gate = this.#of(settings);
    const until = closedUntil(gate.breaker, now);
    if (until !== null)
      return {
        reason: "open",
        until,
        why: `not tried: ${name} is left alone for a while (${gate.trouble})`,
      };
    const turn = rate === undefined ? null : gate.pace.enter(lane, rate, now);
    if (rate !== undefined && turn !== null)
      return {
        reason: "rate",
        until: turn,
        why: `waits for its turn: ${name} is sent ${formatRate(rate)}`,
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

  #of(settings: Asking["settings"]): Gate {
    const { name } = settings;
    const known = this.#gates.get(name);
    const gate = known ?? { settings, breaker: closedBreaker, pace: new Pace(), trouble: "" };
    if (known === undefined) this.#gates.set(name, gate);
    // After a reload it may be another receiver: what the one before asked for or failed at is no reason to wait.
    if (gate.settings !== settings) gate.breaker = { ...gate.breaker, until: 0 };
    gate.settings = settings;
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
