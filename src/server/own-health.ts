import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { deadline } from "../deadline.ts";
import { describeError } from "../model/errors.ts";
import { newId } from "../model/id.ts";
import { version } from "../model/version.ts";
import type { Context } from "../steps/context.ts";
import { beatOutside } from "./outside-heartbeat.ts";
import { MachineWatch, diskSpace } from "../steps/own-machine.ts";
import { ReplicaWatch } from "../steps/replicas.ts";
import type { DatabaseClock } from "../store/database-clock.ts";
import { queueAgeMs } from "../store/jobs.ts";
import { tooOldMs } from "../worker.ts";

const lookMs = 10_000;
/** How long the worker may go without asking for work: it asks every 2 s while the database answers. */
const idleMs = 30_000;
/** How long the database may take to say that all is well. */
const answerMs = 5000;

export interface OwnHealthOptions {
  readonly clock: DatabaseClock;
  /** Where the database or the spool is; null: nothing is kept on disk. */
  readonly dataFolder: string | null;
}

/** How this process does: told to the other replicas, to whoever hears of our troubles, and to the watch outside. */
export class OwnHealth {
  readonly #context: Context;
  readonly #options: OwnHealthOptions;
  readonly #replicas: ReplicaWatch;
  readonly #machine: MachineWatch;
  #turnedAt = performance.now();

  constructor(context: Context, options: OwnHealthOptions) {
    this.#context = context;
    this.#options = options;
    const name = `${hostname()}:${process.pid}`;
    this.#replicas = new ReplicaWatch(context, { id: newId(), name, version, startedAt: context.now() });
    this.#machine = new MachineWatch(context, name);
  }

  /** The worker has asked for work. */
  turned(): void {
    this.#turnedAt = performance.now();
  }

  /** The others hear of a configuration before it is in place: whoever does not know its names then leaves them to us. */
  async announce(next: { readonly hash: string }): Promise<void> {
    await this.#replicas.beat(next).catch((error: unknown) => this.#notSaid(error));
  }

  /** Until the signal is aborted. */
  async serve(signal: AbortSignal): Promise<void> {
    const beating = beatOutside(this.#context, { check: () => this.check(), signal });
    await Promise.all([this.#watch(signal), beating]);
  }

  /** Looks at everything now and then, and in the end takes leave of the others. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { database, metrics } = this.#context;
    if (database.kind === "sqlite") metrics.clockSkew.remove();
    while (!signal.aborted) {
      await this.#look().then(
        () => metrics.databaseUp.set(1),
        (error: unknown) => {
          metrics.databaseUp.set(0);
          this.#notSaid(error);
        },
      );
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
    await this.#replicas.leave().catch((error: unknown) => this.#notSaid(error));
  }

  /** @throws Error that says what does not work, for the watch outside not to hear from us. */
  async check(): Promise<void> {
    const idle = performance.now() - this.#turnedAt;
    if (idle > idleMs) throw new Error(`no work has been asked for in ${Math.round(idle / 1000)} s`);
    using limit = deadline(new AbortController().signal, answerMs);
    const { promise: late, reject } = Promise.withResolvers<never>();
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason));
    await Promise.race([late, this.#askDatabase()]).catch((cause: unknown) => {
      throw new Error("the database does not do its work", { cause });
    });
  }

  /** It can be written to, and what is due is begun. */
  async #askDatabase(): Promise<void> {
    await this.#replicas.beat();
    const ageMs = await queueAgeMs(this.#context.database, this.#context.now());
    if (ageMs >= tooOldMs)
      throw new Error(`work that was due ${Math.round(ageMs / 1000)} s ago has not been begun`);
  }

  async #look(): Promise<void> {
    const { clock, dataFolder } = this.#options;
    if (dataFolder !== null) await this.#lookAtDisk(dataFolder);
    await clock.measure();
    if (this.#context.database.kind === "postgres") await this.#machine.lookAtClock(clock.aheadMs);
    await this.#replicas.beat();
    await this.#replicas.compare();
  }

  async #lookAtDisk(folder: string): Promise<void> {
    const space = await diskSpace(folder);
    if (space !== undefined) await this.#machine.lookAtDisk(folder, space);
  }

  /** While the database is away: that is told elsewhere. */
  #notSaid(error: unknown): void {
    this.#context.log.warn("replica-not-recorded", { error: describeError(error) });
  }
}
