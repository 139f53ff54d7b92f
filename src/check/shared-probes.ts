import { LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { abortable } from "./abortable.ts";
import type { Location } from "./location-type.ts";

/** On whose behalf a location is asked, and how old an answer may be. */
export interface Sharer {
  /** An incident never gets its own earlier answer, which would be no fresh look. */
  readonly incident: string;
  /** ms since 1970: what began to look earlier proves nothing to this one. */
  readonly since: number;
  readonly maxAgeMs: number;
}

interface Shared {
  readonly incident: string;
  readonly startedAt: number;
  readonly endsAt: number;
  readonly answer: Promise<Observation>;
  readonly controller: AbortController;
  /** Those who wait for it now. */
  waiting: number;
  isOver: boolean;
}

/** How much less time than asked for a question that is going may have. */
const toleranceMs = 2000;

/**
 * Equal questions to one location are asked once: two routes that check the same site in the same moment would double its
 * load, and see the same. Only what this process asks is known here, and only answers that could tell are kept.
 */
export class SharedProbes {
  readonly #asked = new Map<string, Shared>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The location as one sharer sees it: it answers with what others have just asked, where that is as good. */
  at(location: Location, sharer: Sharer): Location {
    return {
      ...location,
      ask: async (request, signal) => {
        this.#forget(sharer.maxAgeMs);
        const key = keyOf(location, request);
        const known = this.#asked.get(key);
        const isGood = known !== undefined && this.#isGood(known, request, sharer);
        const shared = isGood ? known : this.#start(key, location, { request, sharer });
        return wait(shared, signal);
      },
    };
  }

  #isGood(shared: Shared, { deadlineMs }: ProbeRequest, { incident, since, maxAgeMs }: Sharer): boolean {
    const now = this.#now();
    if (shared.incident === incident || shared.controller.signal.aborted) return false;
    // What began in the future began before the clock was put back, and nobody knows how long.
    if (shared.startedAt < Math.max(since, now - maxAgeMs) || shared.startedAt > now) return false;
    return shared.isOver || shared.endsAt >= now + deadlineMs - toleranceMs;
  }

  #start(
    key: string,
    location: Location,
    { request, sharer }: { readonly request: ProbeRequest; readonly sharer: Sharer },
  ): Shared {
    const now = this.#now();
    const controller = new AbortController();
    const shared: Shared = {
      incident: sharer.incident,
      startedAt: now,
      endsAt: now + request.deadlineMs,
      answer: location.ask(request, controller.signal),
      controller,
      waiting: 0,
      isOver: false,
    };
    this.#asked.set(key, shared);
    void this.#finish(key, shared);
    return shared;
  }

  async #finish(key: string, shared: Shared): Promise<void> {
    const told = await shared.answer.then(
      ({ outcome }) => outcome !== "error",
      () => false,
    );
    shared.isOver = true;
    if (!told && this.#asked.get(key) === shared) this.#asked.delete(key);
  }

  #forget(maxAgeMs: number): void {
    const now = this.#now();
    for (const [key, { isOver, startedAt }] of this.#asked)
      if (isOver && (startedAt < now - maxAgeMs || startedAt > now)) this.#asked.delete(key);
  }
}

/** The answer, for as long as somebody wants it. */
async function wait(shared: Shared, signal: AbortSignal): Promise<Observation> {
  shared.waiting += 1;
  try {
    return await abortable(shared.answer, signal);
  } finally {
    shared.waiting -= 1;
    if (shared.waiting === 0 && !shared.isOver)
      shared.controller.abort(new LocationError("location.not-awaited", "nobody waits for it any more"));
  }
}

/** What is asked, but for what the check is called and how long it may take. */
function keyOf({ name }: Location, { check, deadlineMs: _deadlineMs, ...request }: ProbeRequest): string {
  return JSON.stringify([name, { ...check, name: "" }, request]);
}
