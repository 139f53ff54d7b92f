import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../model/errors.ts";

/** One thing that was looked at. */
export interface Diagnosis {
  /** `ok`; `warn`: it works, and somebody should know; `fail`: it does not work. */
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at: `location eu`. */
  readonly about: string;
  readonly says: string;
  /** What to do; null: nothing. */
  readonly advice: string | null;
}

/** Looks at one thing or a few of a kind; the signal aborts when its time is up. */
export interface Examination {
  readonly about: string;
  readonly examine: (signal: AbortSignal) => Promise<readonly Diagnosis[]>;
}

export function ok(about: string, says: string): Diagnosis {
  return { level: "ok", about, says, advice: null };
}

export function warn(about: string, says: string, advice: string): Diagnosis {
  return { level: "warn", about, says, advice };
}

export function fail(about: string, says: string, advice: string): Diagnosis {
  return { level: "fail", about, says, advice };
}

/** How long each thing may take. */
const limitMs = 10_000;

/** Looks at everything at once, each thing within 10 s; in the order that was asked. Never rejects. */
export async function examineAll(
  examinations: readonly Examination[],
  onDone: () => void = () => undefined,
): Promise<Diagnosis[]> {
  const all = await Promise.all(
    examinations.map((examination) => examineOne(examination, limitMs).finally(onDone)),
  );
  return all.flat();
}

/** An examination that throws, or does not end, has an answer too. */
export async function examineOne(
  { about, examine }: Examination,
  withinMs: number,
): Promise<readonly Diagnosis[]> {
  const timer = new AbortController();
  const patience = new AbortController();
  const late = sleep(withinMs, undefined, { signal: timer.signal }).then(
    () => {
      patience.abort(new Error(`no answer within ${withinMs / 1000} s`));
      return [fail(about, `no answer within ${withinMs / 1000} s`, "see what it waits for, and ask again")];
    },
    () => [],
  );
  const done = examine(patience.signal).catch((error: unknown) => [
    fail(about, describeError(error), "mend it, and ask again"),
  ]);
  return Promise.race([done, late]).finally(() => timer.abort());
}
