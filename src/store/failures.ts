import type { JobKey } from "./jobs.ts";

const firstRetryMs = 500;
const longestRetryMs = 30_000;
const remembered = 10_000;

/** How often keys have failed here in a row. */
export class Failures {
  readonly #counts = new Map<JobKey, number>();

  /** It has failed once more; returns how long (ms) it is left alone: later and later, but never out of sight. */
  add(key: JobKey): number {
    const failures = this.#counts.get(key) ?? 0;
    // Only a count of the recent past: keys that fail elsewhere afterwards must not pile up here.
    if (this.#counts.size >= remembered) this.#counts.clear();
    this.#counts.set(key, failures + 1);
    return jittered(Math.min(firstRetryMs * 2 ** failures, longestRetryMs));
  }

  forget(key: JobKey): void {
    this.#counts.delete(key);
  }
}

/** Between half of it and all of it, so that those who failed together do not come back together. */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}
