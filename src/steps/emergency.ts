import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Alert } from "../model/alert.ts";
import { newDelivery } from "../model/delivery.ts";
import { describeError } from "../model/errors.ts";
import { emergencyRoute, newIncident } from "../model/incident.ts";
import type { Message } from "../model/message.ts";
import { composeMessage } from "../notify/message.ts";
import { defaultSubject } from "../route/subject.ts";
import type { Context } from "./context.ts";
import { sendUntilTaken } from "./send-to.ts";

/** So many messages are on their way to one action, and so many alerts wait; beyond that an alert is refused. */
const atOnce = 8;
const mostWaiting = 1000;
/** Whoever asks has its own sender waiting. */
const patienceMs = 10_000;
/** Pauses between tries (ms): about as long as an alert is held. */
const pausesMs = [1000, 2000, 4000, 8000, 15_000, 25_000];

const why = "Crosscheck's database is away, not checked";

/**
 * Tells alerts as they came to the actions of `server.emergency`, without the database. Messages about the same bytes have
 * the same key, for receivers and for pagers: repeats merge there, and those that are still on their way do here.
 */
export class Emergency {
  readonly #context: Context;
  readonly #signal: AbortSignal;
  readonly #going = new Map<string, Promise<boolean>>();
  readonly #lanes = new Map<string, Lane>();

  /** The signal ends all tries. */
  constructor(context: Context, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /**
   * Whether one of the actions has taken the alert, or will not within ten seconds; those that fail are tried on for a
   * minute. What does not fire wakes nobody, and so is told to nobody. Never rejects.
   */
  async tell(alert: Alert): Promise<boolean> {
    const { emergency } = this.#context.setup().config.server;
    if (alert.status !== "firing" || emergency.length === 0) return false;
    const key = keyOf(alert);
    const going = this.#going.get(key) ?? this.#tryToBegin(alert, key, emergency);
    const timer = new AbortController();
    const late = sleep(patienceMs, false, { signal: timer.signal }).catch(() => false);
    return Promise.race([going, late]).finally(() => timer.abort());
  }

  /** A message is made of what a stranger has sent: one of which none can be made must not end the telling of others. */
  #tryToBegin(alert: Alert, key: string, emergency: readonly string[]): Promise<boolean> {
    try {
      return this.#begin(alert, key, emergency);
    } catch (error) {
      const facts = { action: emergency.join(" "), key, alert: alert.id };
      this.#context.log.error("not-emergency-told", { ...facts, error: describeError(error) });
      return Promise.resolve(false);
    }
  }

  #begin(alert: Alert, key: string, emergency: readonly string[]): Promise<boolean> {
    if (this.#going.size >= mostWaiting) return Promise.resolve(false);
    const message = rawMessage(alert, key, this.#context.now());
    const { promise: taken, resolve } = Promise.withResolvers<boolean>();
    this.#going.set(key, taken);
    const all = emergency.map(async (action) => {
      const telling = { action, message, event: "emergency-told" };
      const send = () => sendUntilTaken(this.#context, telling, pausesMs, this.#signal);
      if (await this.#lane(action).run(send)) resolve(true);
    });
    void Promise.all(all).finally(() => {
      this.#going.delete(key);
      resolve(false);
    });
    return taken;
  }

  #lane(action: string): Lane {
    const lane = this.#lanes.get(action) ?? new Lane(atOnce);
    this.#lanes.set(action, lane);
    return lane;
  }
}

/** The hex SHA-256 of the alert as it was received. */
function keyOf({ body }: Alert): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Made without any row: `crosscheck:` and the key are a pager's key, the key alone is the message's. */
function rawMessage(alert: Alert, key: string, now: number): Message {
  const about = { route: emergencyRoute, subject: defaultSubject(alert), now: alert.receivedAt };
  const incident = { ...newIncident(about), id: key, alertCount: 1 };
  const delivery = newDelivery({
    incidentId: key,
    action: "",
    event: "trigger",
    alertId: alert.id,
    now: alert.receivedAt,
  });
  return composeMessage({
    delivery: { ...delivery, id: key, notice: { alertId: alert.id, note: why } },
    incident,
    run: null,
    verdict: null,
    observations: [],
    contrasts: [],
    alert,
    gathered: null,
    rendered: null,
    plan: null,
    inEarnest: null,
    // No page of ours shows what no row has.
    publicUrl: null,
    now,
  });
}

/** Runs so many at once; the others wait for their turn. */
class Lane {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
