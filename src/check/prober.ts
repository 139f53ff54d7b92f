import { Worker } from "node:worker_threads";
import { ConfigError, describeError, LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { abortable, cutShort } from "./abortable.ts";
import type { Question, Reply } from "./probe-thread.ts";

interface Pending extends PromiseWithResolvers<Observation> {
  readonly watchdog: NodeJS.Timeout;
}

/** How much longer than its deadline the thread may take before it counts as hung. */
const graceMs = 1000;

/**
 * The caller's end of the probe thread: many questions at once, answers in any order. A thread that hangs (a regular
 * expression that runs away, say) is ended and replaced, with everything that was going on in it.
 */
export class Prober implements AsyncDisposable {
  readonly #pending = new Map<number, Pending>();
  readonly #ending = new Set<Promise<unknown>>();
  #worker: Worker | undefined;
  #last = 0;
  #disposed = false;

  constructor() {
    this.#worker = this.#start();
  }

  /**
   * What this machine sees.
   * @throws ConfigError for a request that cannot be carried out, LocationError when there is no answer.
   */
  async ask(request: ProbeRequest, signal: AbortSignal): Promise<Observation> {
    if (this.#disposed) throw new LocationError("location.bug", "the probe thread has been closed");
    this.#last += 1;
    const number = this.#last;
    const answer = Promise.withResolvers<Observation>();
    // It runs on after an abort, until the thread has obeyed: a hung one must not stay.
    const watchdog = setTimeout(() => {
      this.#replace(number);
    }, request.deadlineMs + graceMs);
    this.#pending.set(number, { ...answer, watchdog });
    this.#worker ??= this.#start();
    this.#worker.postMessage({ number, request } satisfies Question, []);
    try {
      return await abortable(answer.promise, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#worker?.postMessage({ number, cancel: true } satisfies Question, []);
      throw cutShort(signal);
    }
  }

  /** Ends the thread; what is still asked is answered with `location.bug`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#end(new LocationError("location.bug", "the probe thread has been closed"));
    await Promise.all(this.#ending);
  }

  #start(): Worker {
    // tsc does not rewrite this name: .ts in the source, .js in dist, as this file's own.
    const entry = new URL(`./probe-thread${import.meta.url.slice(-3)}`, import.meta.url);
    const worker = new Worker(entry, { name: "probe" });
    worker.on("message", (reply: Reply) => {
      this.#settle(reply);
    });
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      const reason = cause === undefined ? "" : `: ${describeError(cause)}`;
      this.#end(new LocationError("location.bug", `the probe thread has ended${reason}`, { cause }));
    });
    return worker;
  }

  #settle(reply: Reply): void {
    const pending = this.#take(reply.number);
    if ("observation" in reply) pending?.resolve(reply.observation);
    else if ("faults" in reply) pending?.reject(new ConfigError(reply.faults));
    else pending?.reject(new LocationError("location.bug", `the probe failed: ${reply.bug}`));
  }

  #take(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    clearTimeout(pending?.watchdog);
    this.#pending.delete(number);
    return pending;
  }

  #replace(hung: number): void {
    this.#take(hung)?.reject(
      new LocationError("location.timeout", "the check hung the probe thread, which has been replaced"),
    );
    this.#end(
      new LocationError("location.bug", "the probe thread was hung by another check and has been replaced"),
    );
  }

  /** Lets go of the thread and of all that it was asked; the next question starts another. */
  #end(reason: LocationError): void {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined) {
      const ended = worker.terminate();
      this.#ending.add(ended);
      void ended.finally(() => this.#ending.delete(ended));
    }
    for (const number of this.#pending.keys()) this.#take(number)?.reject(reason);
  }
}
