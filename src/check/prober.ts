import { Worker } from "node:worker_threads";
import { ConfigError, describeError, LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { abortable, cutShort } from "./abortable.ts";
import type { Question, Reply } from "./probe-thread.ts";

interface Pending extends PromiseWithResolvers<Observation> {
  readonly request: ProbeRequest;
  /** Set once the thread has been asked. */
  watchdog?: NodeJS.Timeout;
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
  #ready = false;
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
    const pending: Pending = { ...Promise.withResolvers<Observation>(), request };
    this.#pending.set(number, pending);
    this.#worker ??= this.#start();
    if (this.#ready) this.#send(number, pending);
    try {
      return await abortable(pending.promise, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#cancel(number, pending);
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
      if (this.#worker === worker) this.#settle(reply);
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

  #send(number: number, pending: Pending): void {
    pending.watchdog = setTimeout(() => {
      this.#replace(number);
    }, pending.request.deadlineMs + graceMs);
    this.#worker?.postMessage({ number, request: pending.request } satisfies Question, []);
  }

  /** The watchdog runs on until the thread has obeyed: a hung one must not stay. */
  #cancel(number: number, { watchdog }: Pending): void {
    if (watchdog === undefined) this.#pending.delete(number);
    else this.#worker?.postMessage({ number, cancel: true } satisfies Question, []);
  }

  #settle(reply: Reply): void {
    if ("ready" in reply) {
      this.#ready = true;
      for (const [number, pending] of this.#pending) this.#send(number, pending);
      return;
    }
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

  /** Which check it was nobody can tell: the first whose time is up notices. */
  #replace(late: number): void {
    const message = "the probe thread was hung, by this check or one beside it, and has been replaced";
    this.#take(late)?.reject(new LocationError("location.timeout", message));
    this.#end(new LocationError("location.bug", message));
  }

  /** Lets go of the thread and of all that it was asked; the next question starts another. */
  #end(reason: LocationError): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = false;
    if (worker !== undefined) {
      const ended = worker.terminate();
      this.#ending.add(ended);
      void ended.finally(() => this.#ending.delete(ended));
    }
    for (const number of this.#pending.keys()) this.#take(number)?.reject(reason);
  }
}
