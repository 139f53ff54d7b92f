import { Worker } from "node:worker_threads";
import { ConfigError, describeError, LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { abortable, cutShort } from "./abortable.ts";
import type { Question, Reply } from "./probe-thread.ts";
import { Heartbeat } from "./heartbeat.ts";

interface Pending extends PromiseWithResolvers<Observation> {
  readonly request: ProbeRequest;
  /** When the request's time is up, by `performance.now()`. */
  readonly endsAt: number;
  /** Set once the thread has been asked. */
  watchdog?: NodeJS.Timeout | undefined;
  /** Nobody waits for it any more. */
  cancelled?: true;
}

/** A thread that gives no sign of life this often, this many times in a row, is hung. */
const pingMs = 500;
const missedLimit = 4;

/** How much longer than its deadline one question may take; by then a hung thread has been noticed. */
const graceMs = 3000;

const hung =
  "this check hung the probe thread, which has been replaced: has it an expression that runs away?";
const endless = "the probe did not end when its time was up; its thread has been replaced";
const unexplained = "the probe thread was hung, by this check or one beside it, and has been replaced";
const tooLate = "a check beside this one hung the probe thread, and no time was left to ask again";

/**
 * The caller's end of the probe thread: many questions at once, answers in any order. A thread that hangs (a regular
 * expression that runs away, say) is ended and replaced; what was going on in it beside the check that hung it is asked
 * again in the new one, as far as its time allows.
 */
export class Prober implements AsyncDisposable {
  readonly #pending = new Map<number, Pending>();
  readonly #ending = new Set<Promise<unknown>>();
  #worker: Worker | undefined;
  #heartbeat = new Heartbeat();
  #pinging: NodeJS.Timeout | undefined;
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
    const endsAt = performance.now() + request.deadlineMs;
    const pending: Pending = { ...Promise.withResolvers<Observation>(), request, endsAt };
    this.#pending.set(number, pending);
    this.#pinging ??= setInterval(() => {
      this.#ping();
    }, pingMs);
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
    this.#heartbeat = new Heartbeat();
    const worker = new Worker(entry, { name: "probe", workerData: this.#heartbeat.memory });
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
    const { request, endsAt } = pending;
    // It may have waited for the thread.
    const deadlineMs = Math.max(1, Math.ceil(endsAt - performance.now()));
    pending.watchdog = setTimeout(() => {
      this.#take(number)?.reject(new LocationError("location.timeout", endless));
      this.#replace();
    }, deadlineMs + graceMs);
    try {
      this.#worker?.postMessage({ number, request: { ...request, deadlineMs } } satisfies Question, []);
    } catch (error) {
      const why = `the check cannot be handed to the probe thread: ${describeError(error)}`;
      this.#take(number)?.reject(new ConfigError([why]));
    }
  }

  /** It stays until the thread has obeyed: a hung one must be noticed. */
  #cancel(number: number, pending: Pending): void {
    pending.cancelled = true;
    if (pending.watchdog === undefined) this.#take(number);
    else this.#worker?.postMessage({ number, cancel: true } satisfies Question, []);
  }

  #ping(): void {
    if (!this.#ready) return;
    if (this.#heartbeat.missed() < missedLimit) {
      this.#worker?.postMessage({ ping: true } satisfies Question, []);
      return;
    }
    const { holder } = this.#heartbeat;
    if (holder === undefined) this.#end(new LocationError("location.timeout", unexplained));
    else {
      this.#take(holder)?.reject(new LocationError("location.timeout", hung));
      this.#replace();
    }
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
    if (this.#pending.size === 0) {
      clearInterval(this.#pinging);
      this.#pinging = undefined;
    }
    return pending;
  }

  /** Another thread, which is asked what is left. */
  #replace(): void {
    this.#dismiss();
    for (const [number, pending] of this.#pending) {
      clearTimeout(pending.watchdog);
      pending.watchdog = undefined;
      if (pending.cancelled || pending.endsAt <= performance.now())
        this.#take(number)?.reject(new LocationError("location.timeout", tooLate));
    }
    if (this.#pending.size > 0) this.#worker = this.#start();
  }

  /** Lets go of the thread and of all that it was asked; the next question starts another. */
  #end(reason: LocationError): void {
    this.#dismiss();
    for (const number of this.#pending.keys()) this.#take(number)?.reject(reason);
  }

  #dismiss(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = false;
    if (worker === undefined) return;
    const ended = worker.terminate();
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }
}
