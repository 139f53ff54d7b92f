import { deadline } from "../deadline.ts";
import { ConfigError, describeError, LocationError } from "../model/errors.ts";
import { errorObservation, observation, type Observation } from "../model/observation.ts";
import { hideIn, hidingAll } from "../model/hide.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { abortable, cutShort } from "./abortable.ts";
import { hidingCheck } from "./hiding-check.ts";
import { issueLines } from "./issues.ts";
import type { Location } from "./location-type.ts";

/** One check asked of one location. */
export interface Question {
  readonly check: string;
  readonly location: Location;
  readonly request: ProbeRequest;
}

/** One look: checks from locations, all at once. */
export interface Look {
  readonly questions: readonly Question[];
  /** From the call to the last observation. */
  readonly deadlineMs: number;
  /** No observation that is still missing can change the verdict. Asked after each one. */
  readonly settled: (observations: readonly Observation[]) => boolean;
  /** Told of each observation as it arrives; the next waits for it. What it throws ends the look. */
  readonly onObservation: (observation: Observation) => void | Promise<void>;
  /** How long the rest may still take once it is settled: evidence for people. */
  readonly lingerMs?: number | undefined;
}

/** What an answer needs to come back: a location ends that much earlier, so that what it has seen arrives in time. */
const returnMs = 500;

/**
 * Asks all at once, and gives one observation for each question, in the order of arrival. Silence,
 * refusal and garbage are `error` observations that say which: never a throw, never a vote. The deadline holds for
 * locations that ignore their signal, too.
 * @throws the signal's reason when it aborts, and what `onObservation` throws.
 */
export async function runChecks(look: Look, signal: AbortSignal): Promise<Observation[]> {
  using limit = deadline(signal, look.deadlineMs);
  using enough = new Enough(limit.signal);
  const observations: Observation[] = [];
  for await (const seen of inOrderOfArrival(askAll(look, enough.signal))) {
    signal.throwIfAborted();
    observations.push(seen);
    await look.onObservation(seen);
    if (look.settled(observations)) enough.after(look.lingerMs ?? 300);
  }
  return observations;
}

function askAll({ questions, deadlineMs }: Look, signal: AbortSignal): Promise<Observation>[] {
  const latestMs = Math.max(deadlineMs - returnMs, deadlineMs / 2);
  return questions.map(({ request, ...question }) =>
    ask({ ...question, request: { ...request, deadlineMs: Math.min(request.deadlineMs, latestMs) } }, signal),
  );
}

/** Without the secrets of the location and of the check: whoever was told them may repeat them. Never rejects. */
async function ask(question: Question, signal: AbortSignal): Promise<Observation> {
  const { location, request } = question;
  const seen = await answerOf(question, signal);
  return hideIn(seen, hidingAll([location.hide, hidingCheck(request.check)]));
}

/** Never rejects. */
async function answerOf({ check, location, request }: Question, signal: AbortSignal): Promise<Observation> {
  const where = { check, location: location.name };
  const startedAt = Date.now();
  const started = performance.now();
  try {
    const answer = observation.safeParse(await abortable(location.ask(request, signal), signal));
    if (answer.success) return { ...answer.data, ...where };
    throw new LocationError(
      "location.protocol",
      `its answer is no observation: ${issueLines(answer.error)[0]}`,
    );
  } catch (error) {
    const { errorClass, message } = asLocationError(error, signal);
    return errorObservation({
      ...where,
      errorClass,
      message,
      startedAt,
      durationMs: performance.now() - started,
    });
  }
}

function asLocationError(error: unknown, signal: AbortSignal): LocationError {
  if (signal.aborted) return cutShort(signal);
  if (error instanceof LocationError) return error;
  const errorClass = error instanceof ConfigError ? "location.request" : "location.bug";
  return new LocationError(errorClass, describeError(error), { cause: error });
}

/** Ends what is still going on at the parent's abort, or some time after the verdict needed no more. */
class Enough implements Disposable {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#forward();
    else parent.addEventListener("abort", this.#forward, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  after(lingerMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#controller.abort(new LocationError("location.not-awaited", "the verdict did not need it"));
    }, lingerMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener("abort", this.#forward);
    // The look may have ended with an error: nobody goes on for it.
    this.#controller.abort(new LocationError("location.not-awaited", "the look is over"));
  }

  readonly #forward = () => {
    this.#controller.abort(this.#parent.reason);
  };
}

/** The values of promises that never reject, each as soon as it is there. */
async function* inOrderOfArrival<T>(promises: readonly Promise<T>[]): AsyncGenerator<T> {
  const arrived: T[] = [];
  let wake = Promise.withResolvers<void>();
  const collect = async (promise: Promise<T>) => {
    arrived.push(await promise);
    wake.resolve();
  };
  for (const promise of promises) void collect(promise);
  for (let given = 0; given < promises.length; given += 1) {
    while (arrived.length === given) {
      await wake.promise;
      wake = Promise.withResolvers();
    }
    yield arrived[given] as T;
  }
}
