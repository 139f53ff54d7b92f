import { setTimeout as sleep } from "node:timers/promises";
import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import type { IntakeParts, IntakeTimes } from "./intake-parts.ts";
import type { Outage } from "./outage.ts";

const tellAtOnce = 8;

/** Tells what waits in the spool unchecked, each alert once, while the database stays away for longer than `awayMs`. */
export class WaitingTeller {
  readonly #context: Context;
  readonly #outage: Outage;
  readonly #parts: Pick<IntakeParts, "spool" | "tell">;
  readonly #times: IntakeTimes;

  constructor(
    context: Context,
    outage: Outage,
    parts: Pick<IntakeParts, "spool" | "tell">,
    times: IntakeTimes,
  ) {
    this.#context = context;
    this.#outage = outage;
    this.#parts = parts;
    this.#times = times;
  }

  /** Until the signal is aborted and the outage's bell has rung. */
  async serve(signal: AbortSignal): Promise<void> {
    const outage = this.#outage;
    const { awayMs, pauseMs: firstPauseMs } = this.#times;
    const failed = new Set<string>();
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      const leftMs = awayMs - outage.awayMs();
      const nothingToDo = !outage.isAway || outage.waiting() === 0;
      if (nothingToDo || leftMs > 0) {
        await outage.tellBell.sleep(nothingToDo ? awayMs : leftMs);
        continue;
      }
      const untold = await this.#untold(failed);
      if (untold.length > 0) await this.#tell(untold, failed);
      else if (failed.size === 0) await outage.tellBell.sleep(awayMs);
      else {
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, awayMs);
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
    for (let from = 0; from < untold.length && this.#outage.isAway; from += tellAtOnce) {
      const some = untold.slice(from, from + tellAtOnce);
      const taken = await Promise.all(some.map(tell));
      const told = some.filter((_, index) => taken[index]).map(({ id }) => id);
      for (const { id } of some) if (!told.includes(id)) failed.add(id);
      this.#outage.noteTold(told.length);
      if (told.length === 0) continue;
      // Where the mark cannot be written it holds in memory: after a restart the same key is told again.
      await spool?.markTold(told).catch((error: unknown) => {
        this.#context.log.warn("emergency-not-marked", { error: describeError(error) });
      });
    }
  }
}
