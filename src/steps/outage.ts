import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import type { Spool } from "../spool/spool.ts";
import { Doorbell } from "../store/doorbell.ts";
import type { Context } from "./context.ts";

/** What has become of alerts since the spool was last empty. */
export interface Toll {
  /** ms since 1970; null: nothing has come to the spool since the start. */
  readonly since: number | null;
  readonly waited: number;
  /** Of these, those that the database refuses. */
  readonly refused: number;
  readonly told: number;
}

const noToll: Toll = { since: null, waited: 0, refused: 0, told: 0 };

/** What this process knows of its database: whether it takes alerts, and what waits for it. */
export class Outage {
  /** Rings when there is something to drain. */
  readonly drainBell = new Doorbell();
  /** Rings when there may be something to tell. */
  readonly tellBell = new Doorbell();
  readonly #context: Context;
  readonly #spool: Spool | null;
  /** Since when it has taken nothing; null: it answers. */
  #awaySince: number | null = null;
  #isSpoolFull = false;
  #toll: Toll;

  constructor(context: Context, spool: Spool | null) {
    this.#context = context;
    this.#spool = spool;
    this.#toll = { ...noToll, waited: this.waiting() };
    this.measureSpool();
  }

  get isAway(): boolean {
    return this.#awaySince !== null;
  }

  /** How long the database has been away, in ms; 0 when it answers. */
  awayMs(): number {
    return this.#awaySince === null ? 0 : performance.now() - this.#awaySince;
  }

  /** Alerts that wait for the database. */
  waiting(): number {
    return this.#spool?.count ?? 0;
  }

  canSpool(): boolean {
    return this.#spool !== null && !this.#isSpoolFull;
  }

  noteAway(error: unknown): void {
    if (this.#awaySince !== null) return;
    this.#awaySince = performance.now();
    this.#context.log.error("database-away", { error: describeError(error) });
    this.drainBell.ring();
  }

  noteBack(): void {
    if (this.#awaySince !== null)
      this.#context.log.info("database-back", { awayMs: Math.round(this.awayMs()), waiting: this.waiting() });
    this.#awaySince = null;
    this.#isSpoolFull = false;
    this.measureSpool();
  }

  noteSpooled(alerts: readonly Alert[]): void {
    const { since, waited } = this.#toll;
    this.#toll = {
      ...this.#toll,
      since: since ?? this.#context.now(),
      waited: waited + alerts.length,
    };
    this.#context.metrics.spooled.inc(alerts.length);
    for (const { id, source, status } of alerts)
      this.#context.log.warn("alert-spooled", { alert: id, source, status });
    this.#isSpoolFull = false;
    this.measureSpool();
    this.drainBell.ring();
    this.tellBell.ring();
  }

  noteSpoolFull(): void {
    this.#isSpoolFull = true;
    this.measureSpool();
  }

  noteTold(alerts: number): void {
    this.#toll = { ...this.#toll, told: this.#toll.told + alerts };
  }

  noteRefused(): void {
    this.#toll = { ...this.#toll, refused: this.#toll.refused + 1 };
  }

  /** The toll of what is over now. */
  settle(): Toll {
    const toll = this.#toll;
    this.#toll = noToll;
    return toll;
  }

  measureSpool(): void {
    const { metrics } = this.#context;
    metrics.spoolAlerts.set(this.waiting());
    metrics.spoolBytes.set(this.#spool?.bytes ?? 0);
    metrics.spoolReady.set(this.canSpool() ? 1 : 0);
  }
}
