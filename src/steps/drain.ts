import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import type { Spool, SpooledAlerts } from "../spool/spool.ts";
import { DiskFullError } from "../store/database.ts";
import type { Context } from "./context.ts";
import type { IntakeParts, IntakeTimes } from "./intake-parts.ts";
import type { Outage, Toll } from "./outage.ts";
import { reportTrouble } from "./trouble.ts";

/** Alerts in one go from the spool to the database. */
const drainAtOnce = 250;
/** So often the database takes others and not this one, until it is taken for one that it never will. */
const strikes = 3;

interface Refusal {
  readonly alert: Alert;
  readonly error: unknown;
}

/**
 * Stores what waits in the spool, oldest first, once the database takes alerts again. One that it refuses while it takes
 * others is set aside and told, so that it keeps nothing waiting.
 */
export class Drain {
  readonly #context: Context;
  readonly #outage: Outage;
  readonly #parts: IntakeParts;
  readonly #times: IntakeTimes;
  readonly #strikes = new Map<string, number>();

  constructor(context: Context, outage: Outage, parts: IntakeParts, times: IntakeTimes) {
    this.#context = context;
    this.#outage = outage;
    this.#parts = parts;
    this.#times = times;
  }

  /** Until the signal is aborted and the outage's bell has rung. */
  async serve(signal: AbortSignal): Promise<void> {
    const { drainBell } = this.#outage;
    while (!signal.aborted) {
      try {
        if (this.#outage.waiting() === 0 && !this.#outage.isAway) await drainBell.sleep(60_000);
        else if (!(await this.#drainOldest(signal))) await drainBell.sleep(this.#times.pauseMs);
      } catch (error) {
        this.#outage.noteAway(error);
        await drainBell.sleep(this.#times.pauseMs);
      }
    }
  }

  /**
   * Whether to go on at once.
   * @throws what the database says while it takes nothing
   */
  async #drainOldest(signal: AbortSignal): Promise<boolean> {
    const { spool, probe } = this.#parts;
    const batch = this.#outage.waiting() === 0 ? undefined : await spool?.oldest();
    if (spool === null || batch === undefined) {
      await probe();
      this.#outage.noteBack();
      return true;
    }
    for (let from = 0; from < batch.alerts.length; from += drainAtOnce) {
      if (signal.aborted) return false;
      if (!(await this.#store(spool, batch.alerts.slice(from, from + drainAtOnce)))) return false;
    }
    await spool.remove(batch);
    this.#outage.measureSpool();
    await this.#report(batch);
    return true;
  }

  /**
   * Whether all are stored, but for those that never will be.
   * @throws what the database says while it takes nothing
   */
  async #store(spool: Spool, alerts: readonly Alert[]): Promise<boolean> {
    const { store, probe } = this.#parts;
    const outcomes = await Promise.allSettled(alerts.map((alert) => store([alert])));
    const refusals = outcomes.flatMap((outcome, index): Refusal[] =>
      outcome.status === "rejected"
        ? [{ alert: alerts[index] as Alert, error: outcome.reason as unknown }]
        : [],
    );
    // A full disk is no alert's fault, though a small one may still find room on it.
    for (const { error } of refusals) if (error instanceof DiskFullError) throw error;
    // Whether it takes others is seen by one more: those that it took may have come before it went away.
    if (refusals.length > 0) await probe();
    this.#outage.noteBack();
    const helpless = refusals.filter(({ alert }) => this.#strike(alert) >= strikes);
    await Promise.all(helpless.map((refusal) => this.#setAside(spool, refusal)));
    return helpless.length === refusals.length;
  }

  #strike({ id }: Alert): number {
    const count = (this.#strikes.get(id) ?? 0) + 1;
    this.#strikes.set(id, count);
    return count;
  }

  async #setAside(spool: Spool, { alert, error }: Refusal): Promise<void> {
    const path = await spool.setAside(alert);
    const isTold = await this.#parts.tell(alert);
    this.#strikes.delete(alert.id);
    this.#outage.noteRefused();
    this.#context.log.error("alert-refused-by-database", {
      alert: alert.id,
      path,
      told: isTold,
      error: describeError(error),
    });
  }

  async #report({ alerts, path, state }: SpooledAlerts): Promise<void> {
    if (state === "damaged") this.#context.log.error("spool-damaged", { path: `${path}.damaged` });
    this.#context.log.info("spool-drained", { alerts: alerts.length, waiting: this.#outage.waiting() });
    if (this.#outage.waiting() > 0) return;
    const note = noteOf(this.#outage.settle(), this.#context.now());
    await reportTrouble(this.#context, "database-away", { what: "database", note });
  }
}

function noteOf({ since, waited, refused, told }: Toll, now: number): string {
  const first =
    since === null ? "before this process started" : `first ${Math.round((now - since) / 1000)} s ago`;
  const stored = `${waited - refused} waited in the spool and are stored now`;
  const kept = refused === 0 ? "" : `, ${refused} it refuses and are kept beside as ID.refused`;
  return `the database took no alerts in time, ${first}: ${stored}${kept}, ${told} were told unchecked`;
}
