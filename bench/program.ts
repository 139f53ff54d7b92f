import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { atExit } from "./at-exit.ts";

/** A program under measurement, its output in a file; disposing it ends it. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** What it has written so far, both streams. */
  output(): string;
}

export interface ProgramOptions {
  readonly outputFile: string;
  readonly env?: Readonly<Record<string, string>>;
  /** SIGTERM lets it finish (and write its profile); the default is `kill -9`. */
  readonly endWith?: NodeJS.Signals;
}

export function startProgram(command: string, args: readonly string[], options: ProgramOptions): Program {
  const file = openSync(options.outputFile, "a");
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", file, file],
  });
  closeSync(file);
  const killing = atExit(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit").finally(() => killing[Symbol.dispose]());
  return {
    pid: child.pid ?? 0,
    output: () => readFileSync(options.outputFile, "utf8"),
    async [Symbol.asyncDispose]() {
      child.kill(options.endWith ?? "SIGKILL");
      await ended;
    },
  };
}

const startLimitMs = 20_000;

/** Waits for something that a program is to do once it has started. */
export async function started<T>(program: Program, look: () => Promise<T> | T): Promise<T & {}> {
  const end = performance.now() + startLimitMs;
  while (performance.now() < end) {
    const seen = await Promise.resolve(look()).catch(() => undefined);
    if (seen) return seen;
    await sleep(5);
  }
  throw new Error(`it did not start: ${program.output().slice(-2000)}`);
}

/** MB that the process has in memory. */
export function residentMb(pid: number): number {
  const [, kilobytes = "NaN"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}
