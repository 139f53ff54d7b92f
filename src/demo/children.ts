import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { deadline } from "../deadline.ts";

/** A process of the demo's own that listens. */
export interface Child {
  readonly pid: number;
  /** `http://127.0.0.1:40123` */
  readonly url: string;
  /** What it has printed so far. */
  readonly lines: readonly string[];
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
}

/** What to run: a script, with its arguments. */
export interface Program {
  readonly name: string;
  readonly script: URL;
  readonly args: readonly string[];
}

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly stdout: string[];
  /** The last lines. */
  readonly stderr: string[];
  /** It is killed by us. */
  expected: boolean;
}

const startLimitMs = 30_000;
const keptLines = 8;

/**
 * Starts processes in a folder, knows which are alive, and ends them; one that ends unasked aborts `signal`. Children get
 * the terminal's signals as well as we do.
 */
export class Children implements AsyncDisposable {
  readonly #folder: string;
  readonly #running = new Set<Running>();
  readonly #controller = new AbortController();
  readonly #letGo: () => void;

  constructor(folder: string, parent: AbortSignal) {
    this.#folder = folder;
    const forward = () => {
      this.#controller.abort(parent.reason);
    };
    if (parent.aborted) forward();
    else parent.addEventListener("abort", forward, { once: true });
    this.#letGo = () => {
      parent.removeEventListener("abort", forward);
    };
  }

  /** Aborts when the parent does, and when a child ends unasked: with its last words. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /**
   * Resolves when it listens.
   * @throws Error when it does not, in time; `signal` says whether it has ended.
   */
  async start({ name, script, args }: Program): Promise<Child> {
    this.signal.throwIfAborted();
    const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
      cwd: this.#folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "close");
    const running: Running = { process: child, ended, stdout: [], stderr: [], expected: false };
    this.#running.add(running);
    createInterface({ input: child.stderr }).on("line", (line) => {
      running.stderr.push(line);
      if (running.stderr.length > keptLines) running.stderr.shift();
    });
    const output = createInterface({ input: child.stdout }).on("line", (line) => running.stdout.push(line));
    void this.#watch(name, running);
    using limit = deadline(this.signal, startLimitMs);
    const url = await addressIn(output, limit.signal).catch((error: unknown) => {
      throw new Error(`${name} did not start`, { cause: limit.signal.aborted ? limit.signal.reason : error });
    });
    return { pid: child.pid ?? 0, url, lines: running.stdout, kill: () => end(running) };
  }

  async #watch(name: string, running: Running): Promise<void> {
    let how: string;
    try {
      const [code, signal] = (await running.ended) as [number | null, NodeJS.Signals | null];
      how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
    } catch (error) {
      how = `could not be started: ${String(error)}`;
    }
    this.#running.delete(running);
    if (running.expected) return;
    this.#controller.abort(new Error([`${name} ${how}`, ...running.stderr].join("\n  ")));
  }

  /** At once and without waiting: for the last moment of our own process. */
  killAll(): void {
    for (const running of this.#running) {
      running.expected = true;
      running.process.kill("SIGKILL");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#letGo();
    this.#controller.abort(new Error("the demo is over"));
    await Promise.all([...this.#running].map(end));
  }
}

async function addressIn(output: Interface, signal: AbortSignal): Promise<string> {
  const [line] = (await once(output, "line", { signal })) as [string];
  const url = /listens on (\S+?)\/?$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`it said ${JSON.stringify(line)} instead of where it listens`);
  return url;
}

async function end(running: Running): Promise<void> {
  running.expected = true;
  running.process.kill("SIGKILL");
  await running.ended;
}
