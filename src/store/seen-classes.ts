import type { ClassDue, JobClass } from "./jobs.ts";

/** Classes in one claim: more would be a long statement. */
const classesAtOnce = 16;
const rememberedClasses = 32;

/** The classes that a claim asks for, in the order in which it does. */
export class SeenClasses {
  #seen: readonly JobClass[] = [];

  /** Holds and incidents before lanes, however late those are, then who waits longest. */
  remember(classes: readonly ClassDue[]): void {
    const waiting = classes
      .toSorted((a, b) => turn(a) - turn(b) || a.wait_ms - b.wait_ms)
      .map((each) => each.class);
    // Those without a job now come last, so that their next one is claimed at once.
    const idle = this.#seen.filter((each) => !waiting.includes(each));
    this.#seen = [...waiting, ...idle].slice(0, Math.max(waiting.length, rememberedClasses));
  }

  /** For the next claim: those with places free, and how many. */
  wanted(free: (jobClass: JobClass) => number): { readonly class: JobClass; readonly limit: number }[] {
    return this.#seen
      .map((each) => ({ class: each, limit: free(each) }))
      .filter(({ limit }) => limit > 0)
      .slice(0, classesAtOnce);
  }
}

function turn({ class: name }: ClassDue): number {
  return name.startsWith("lane:") ? 1 : 0;
}
