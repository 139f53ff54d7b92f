import { setTimeout as sleep } from "node:timers/promises";
import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import type { Spool, SpooledAlerts } from "../spool/spool.ts";
import { Doorbell } from "../store/doorbell.ts";
import type { Context } from "./context.ts";
import { reportTrouble } from "./trouble.ts";
import { within } from "./within.ts";

/** What takes an alert, in this order. */
export interface IntakeParts {
  /** Stores alerts durably; an alert that is there already is no error. */
  readonly store: (alerts: readonly Alert[]) => Promise<void>;
  /** Null: there is none, and the emergency is next. */
  readonly spool: Spool | null;
  /** Tells an alert unchecked; whether somebody has taken it. Never rejects. */
  readonly tell: (alert: Alert) => Promise<boolean>;
}

export interface IntakeTimes {
  /** What the database, and after it the disk, has to take an alert. */
  readonly storeMs: number;
  /** How long the database may be away until what waits is told unchecked. */
  readonly awayMs: number;
  /** Between two tries to reach it. */
  readonly pauseMs: number;
}

export const usualTimes: IntakeTimes = { storeMs: 2000, awayMs: 15_000, pauseMs: 500 };

/** Alerts in one go from the spool to the database. */
const drainAtOnce = 250;
/** So often the database takes others and not this one, until it is taken for one that it never will. */
const strikes = 3;
const tellAtOnce = 8;

/**
 * Takes alerts also while the database is away. What it does not take within `storeMs` goes to the spool, and so does
 * everything after it, until the spool is empty again: alerts are stored in the order in which they came. What the spool
 * cannot take is told unchecked at once, and so is all that fires once the database has been away for `awayMs`.
 */
export class Intake {
  readonly #context: Context;
  readonly #parts: IntakeParts;
  readonly #times: IntakeTimes;
  readonly #drainBell = new Doorbell();
  readonly #tellBell = new Doorbell();
  readonly #strikes = new Map<string, number>();
  /** Since when it has taken nothing; null: it answers. */
  #awaySince: number | null = null;
  #isSpoolFull = false;
  /** Since the spool was last empty; `since` is ms since 1970. */
  #outage: { since: number | null; waited: number; told: number } = { since: null, waited: 0, told: 0 };

  constructor(context: Context, parts: IntakeParts, times: IntakeTimes = usualTimes) {
    this.#context = context;
    this.#parts = parts;
    this.#times = times;
    this.#measureSpool();
  }

  /** How long the database has been away, in ms; 0 when it answers. */
  awayMs(): number {
    return this.#awaySince === null ? 0 : performance.now() - this.#awaySince;
  }

  /** Whether an alert that comes now is kept though the database is away: the last one was. */
  canSpool(): boolean {
    return this.#parts.spool !== null && !this.#isSpoolFull;
  }

  /** Alerts that wait for the database. */
  waiting(): number {
    return this.#parts.spool?.count ?? 0;
  }

  /**
   * Resolves when the alerts are on disk, in the database or in the spool, or somebody has been told of each.
   * @throws Error that says why each of the three has failed
   */
  async receive(alerts: readonly Alert[]): Promise<void> {
    const inLine = this.#awaySince !== null || this.waiting() > 0;
    const notStored = inLine ? null : await this.#store(alerts);
    if (!inLine && notStored === null) return;
    const notSpooled = await this.#spool(alerts);
    if (notSpooled === null) return;
    // It answers and only what waits is much: there is no reason to tell anybody unchecked.
    if (inLine && this.#awaySince === null && (await this.#store(alerts)) === null) return;
    this.#context.log.error("alert-not-spooled", { alerts: alerts.length, error: describeError(notSpooled) });
    const told = await Promise.all(alerts.map((alert) => this.#parts.tell(alert)));
    if (!told.includes(false)) return;
    throw new Error(
      `neither stored (${notStored === null ? "the database is away" : describeError(notStored)}) nor spooled (${describeError(notSpooled)}) nor told (server.emergency)`,
    );
  }

  /** Drains the spool when the database is back, and tells what waits when it stays away, until the signal is aborted. */
  async serve(signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    void aborted.then(() => [this.#drainBell, this.#tellBell].map((bell) => bell.ring()));
    // A write that hangs is not waited for: what it is about is in the spool until it has ended.
    await Promise.race([aborted, Promise.all([this.#drainAll(signal), this.#tellAll(signal)])]);
  }

  /** Null when they are stored. A write that ends later than we wait for may still have stored them: that harms nothing. */
  async #store(alerts: readonly Alert[]): Promise<unknown> {
    try {
      await within(this.#times.storeMs, "the database", this.#parts.store(alerts));
      return null;
    } catch (error) {
      this.#noteAway(error);
      return error;
    }
  }

  async #spool(alerts: readonly Alert[]): Promise<unknown> {
    const { spool } = this.#parts;
    if (spool === null) return new Error("there is no spool: name a folder with --data");
    try {
      await within(this.#times.storeMs, "the disk of the spool", spool.append(alerts));
      this.#outage.since ??= this.#context.now();
      this.#outage.waited += alerts.length;
      this.#context.metrics.spooled.inc(alerts.length);
      for (const { id, source, status } of alerts)
        this.#context.log.warn("alert-spooled", { alert: id, source, status });
      this.#isSpoolFull = false;
      this.#drainBell.ring();
      this.#tellBell.ring();
      return null;
    } catch (error) {
      this.#isSpoolFull = true;
      return error;
    } finally {
      this.#measureSpool();
    }
  }

  #noteAway(error: unknown): void {
    if (this.#awaySince !== null) return;
    this.#awaySince = performance.now();
    this.#context.log.error("database-away", { error: describeError(error) });
    this.#drainBell.ring();
  }

  #noteBack(): void {
    if (this.#awaySince !== null)
      this.#context.log.info("database-back", { awayMs: Math.round(this.awayMs()), waiting: this.waiting() });
    this.#awaySince = null;
    this.#isSpoolFull = false;
    this.#measureSpool();
  }

  #measureSpool(): void {
    const { metrics } = this.#context;
    metrics.spoolAlerts.set(this.waiting());
    metrics.spoolBytes.set(this.#parts.spool?.bytes ?? 0);
    metrics.spoolReady.set(this.canSpool() ? 1 : 0);
  }

  async #drainAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.waiting() === 0 && this.#awaySince === null) await this.#drainBell.sleep(60_000);
        else if (!(await this.#drainOldest(signal))) await this.#drainBell.sleep(this.#times.pauseMs);
      } catch (error) {
        this.#noteAway(error);
        await this.#drainBell.sleep(this.#times.pauseMs);
      }
    }
  }

  /**
   * Whether to go on at once.
   * @throws what the database says while it takes nothing
   */
  async #drainOldest(signal: AbortSignal): Promise<boolean> {
    const { spool } = this.#parts;
    const batch = this.waiting() === 0 ? undefined : await spool?.oldest();
    if (spool === null || batch === undefined) {
      await this.#context.database.read("select 1 as one");
      this.#noteBack();
      return true;
    }
    for (let from = 0; from < batch.alerts.length; from += drainAtOnce) {
      if (signal.aborted) return false;
      if (!(await this.#drain(spool, batch.alerts.slice(from, from + drainAtOnce)))) return false;
    }
    await spool.remove(batch);
    this.#measureSpool();
    await this.#reportDrained(batch);
    return true;
  }

  /** Whether all are stored, but for those that never will be. */
  async #drain(spool: Spool, alerts: readonly Alert[]): Promise<boolean> {
    const outcomes = await Promise.allSettled(alerts.map((alert) => this.#parts.store([alert])));
    const failures = outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected"
        ? [{ alert: alerts[index] as Alert, error: outcome.reason as unknown }]
        : [],
    );
    const [first] = failures;
    if (first !== undefined && failures.length === alerts.length) throw first.error;
    this.#noteBack();
    let isDone = true;
    for (const { alert, error } of failures) {
      const count = (this.#strikes.get(alert.id) ?? 0) + 1;
      this.#strikes.set(alert.id, count);
      if (count < strikes) isDone = false;
      else await this.#setAside(spool, alert, error);
    }
    return isDone;
  }

  /** One that the database refuses, while it takes others, must not keep these waiting. */
  async #setAside(spool: Spool, alert: Alert, error: unknown): Promise<void> {
    const path = await spool.setAside(alert);
    const isTold = await this.#parts.tell(alert);
    this.#strikes.delete(alert.id);
    this.#context.log.error("alert-refused-by-database", {
      alert: alert.id,
      path,
      told: isTold,
      error: describeError(error),
    });
  }

  async #reportDrained({ alerts, path, state }: SpooledAlerts): Promise<void> {
    if (state === "damaged") this.#context.log.error("spool-damaged", { path: `${path}.damaged` });
    this.#context.log.info("spool-drained", { alerts: alerts.length, waiting: this.waiting() });
    if (this.waiting() > 0) return;
    const { since, waited, told } = this.#outage;
    this.#outage = { since: null, waited: 0, told: 0 };
    const seconds = Math.round((this.#context.now() - (since ?? this.#context.now())) / 1000);
    const note = `the database took no alerts in time, first ${seconds} s ago: ${waited} waited in the spool and are stored now, ${told} were told unchecked`;
    await reportTrouble(this.#context, "database-away", { what: "database", note });
  }

  async #tellAll(signal: AbortSignal): Promise<void> {
    const failed = new Set<string>();
    let pauseMs = this.#times.pauseMs;
    while (!signal.aborted) {
      const leftMs = this.#times.awayMs - this.awayMs();
      const nothingToDo = this.#awaySince === null || this.waiting() === 0;
      if (nothingToDo || leftMs > 0) {
        await this.#tellBell.sleep(nothingToDo ? this.#times.awayMs : leftMs);
        continue;
      }
      const untold = await this.#untold(failed);
      if (untold.length > 0) await this.#tell(untold, failed);
      else if (failed.size === 0) await this.#tellBell.sleep(this.#times.awayMs);
      else {
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, this.#times.awayMs);
        failed.clear();
      }
    }
  }

  async #untold(failed: ReadonlySet<string>): Promise<readonly Alert[]> {
    try {
      return (await this.#parts.spool?.untold(failed)) ?? [];
    } catch (error) {
      // Its file may just have been drained; or the disk fails, and the next round tries again.
      this.#context.log.warn("spool-not-read", { error: describeError(error) });
      return [];
    }
  }

  async #tell(untold: readonly Alert[], failed: Set<string>): Promise<void> {
    const { spool, tell } = this.#parts;
    for (let from = 0; from < untold.length && this.#awaySince !== null; from += tellAtOnce) {
      const some = untold.slice(from, from + tellAtOnce);
      const taken = await Promise.all(some.map(tell));
      const told = some.filter((_, index) => taken[index]).map(({ id }) => id);
      for (const { id } of some) if (!told.includes(id)) failed.add(id);
      this.#outage.told += told.length;
      if (told.length === 0) continue;
      // Where the mark cannot be written it holds in memory: after a restart the same key is told again.
      await spool?.markTold(told).catch((error: unknown) => {
        this.#context.log.warn("emergency-not-marked", { error: describeError(error) });
      });
    }
  }
}
