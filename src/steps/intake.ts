import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import { Drain } from "./drain.ts";
import { usualTimes } from "./intake-parts.ts";
import type { IntakeParts, IntakeTimes } from "./intake-parts.ts";
import { Outage } from "./outage.ts";
import { WaitingTeller } from "./tell-waiting.ts";
import { within } from "./within.ts";

/**
 * Takes alerts also while the database is away. What it does not take within `storeMs` goes to the spool, and so does
 * everything after it, until the spool is empty again: alerts are stored in the order in which they came. What the spool
 * cannot take is told unchecked at once, and so is all that fires once the database has been away for `awayMs`.
 */
export class Intake {
  readonly #context: Context;
  readonly #parts: IntakeParts;
  readonly #times: IntakeTimes;
  readonly #outage: Outage;

  constructor(context: Context, parts: IntakeParts, times: IntakeTimes = usualTimes) {
    this.#context = context;
    this.#parts = parts;
    this.#times = times;
    this.#outage = new Outage(context, parts.spool);
  }

  /** How long the database has been away, in ms; 0 when it answers. */
  awayMs(): number {
    return this.#outage.awayMs();
  }

  /** Whether an alert that comes now is kept though the database is away: the last one was. */
  canSpool(): boolean {
    return this.#outage.canSpool();
  }

  /** Alerts that wait for the database. */
  waiting(): number {
    return this.#outage.waiting();
  }

  /**
   * Resolves when the alerts are on disk, in the database or in the spool, or somebody has been told of each.
   * @throws Error that says why each of the three has failed
   */
  async receive(alerts: readonly Alert[]): Promise<void> {
    const inLine = this.#outage.isAway || this.waiting() > 0;
    const notStored = inLine ? null : await this.#store(alerts);
    if (!inLine && notStored === null) return;
    const notSpooled = await this.#spool(alerts);
    if (notSpooled === null) return;
    // It answers and only what waits is much: there is no reason to tell anybody unchecked.
    if (inLine && !this.#outage.isAway && (await this.#store(alerts)) === null) return;
    this.#context.log.error("alert-not-spooled", { alerts: alerts.length, error: describeError(notSpooled) });
    const told = await Promise.all(alerts.map((alert) => this.#parts.tell(alert)));
    if (!told.includes(false)) return;
    throw new Error(
      `neither stored (${notStored === null ? "the database is away" : describeError(notStored)}) nor spooled (${describeError(notSpooled)}) nor told (server.emergency)`,
    );
  }

  /** Drains the spool when the database is back, and tells what waits when it stays away, until the signal is aborted. */
  async serve(signal: AbortSignal): Promise<void> {
    const { drainBell, tellBell } = this.#outage;
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    void aborted.then(() => [drainBell, tellBell].map((bell) => bell.ring()));
    const drain = new Drain(this.#context, this.#outage, this.#parts, this.#times);
    const teller = new WaitingTeller(this.#context, this.#outage, this.#parts, this.#times);
    // A write that hangs is not waited for: what it is about is in the spool until it has ended.
    await Promise.race([aborted, Promise.all([drain.serve(signal), teller.serve(signal)])]);
  }

  /** Null when they are stored. A write that ends later than we wait for may still have stored them: that harms nothing. */
  async #store(alerts: readonly Alert[]): Promise<unknown> {
    try {
      await within(this.#times.storeMs, "the database", this.#parts.store(alerts));
      return null;
    } catch (error) {
      this.#outage.noteAway(error);
      return error;
    }
  }

  async #spool(alerts: readonly Alert[]): Promise<unknown> {
    const { spool } = this.#parts;
    if (spool === null) return new Error("there is no spool: name a folder with --data");
    try {
      await within(this.#times.storeMs, "the disk of the spool", spool.append(alerts));
      this.#outage.noteSpooled(alerts);
      return null;
    } catch (error) {
      this.#outage.noteSpoolFull();
      return error;
    }
  }
}
