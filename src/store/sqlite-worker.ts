import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Outcome, Reply, Task, ThreadOptions } from "./sqlite-thread.ts";

/** The caller's end of a SQLite thread: numbered questions, answers in any order, and an end that nobody waits through. */
export class SqliteThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<readonly Outcome[]>>();
  readonly #role: string;
  #last = 0;
  #ended: Error | undefined;

  private constructor(options: ThreadOptions) {
    this.#role = options.role;
    // tsc does not rewrite this name: .ts in the source, .js in dist, as this file's own.
    const entry = new URL(`./sqlite-thread${import.meta.url.slice(-3)}`, import.meta.url);
    this.#worker = new Worker(entry, { workerData: options, name: `sqlite-${options.role}` });
    this.#pending.set(0, Promise.withResolvers());
    this.#worker.on("message", ({ number, outcomes }: Reply) => {
      this.#pending.get(number)?.resolve(outcomes);
      this.#pending.delete(number);
    });
    this.#worker.on("error", (cause) => this.#end(cause));
    this.#worker.on("exit", () => this.#end());
  }

  /** Starts the thread and waits until it has opened its file. Rejects with what the file said; `code` is SQLite's. */
  static async start(options: ThreadOptions): Promise<SqliteThread> {
    const thread = new SqliteThread(options);
    const [outcome] = await (thread.#pending.get(0)?.promise ?? []);
    if (outcome && "failure" in outcome) {
      await thread.#worker.terminate();
      throw Object.assign(new Error(outcome.failure.message), { code: outcome.failure.code });
    }
    return thread;
  }

  /**
   * One outcome for a read, one for each unit of a write; what is in `transfer` is handed over. Rejects only if the thread
   * has ended.
   */
  ask(task: Task, transfer: readonly ArrayBuffer[] = []): Promise<readonly Outcome[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#last += 1;
    const answer = Promise.withResolvers<readonly Outcome[]>();
    this.#pending.set(this.#last, answer);
    this.#worker.postMessage({ number: this.#last, task }, transfer);
    return answer.promise;
  }

  /** Answers what was asked before, closes the file, ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const exit = once(this.#worker, "exit");
    await this.ask({ type: "close" }).catch(() => undefined);
    await exit;
  }

  #end(cause?: unknown): void {
    const detail = cause instanceof Error ? `: ${cause.message}` : "";
    this.#ended ??= new Error(`the SQLite ${this.#role} thread has ended${detail}`, { cause });
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}
