import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { deadline } from "../../deadline.ts";

/** What /bin/sh is to run: text that it gets as its input, or a file. */
export type Script = { readonly text: string } | { readonly file: string };

export interface ShellRun {
  readonly script: Script;
  /** All that it has; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface ShellResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it printed, errors included. */
  readonly output: string;
}

const maxOutputBytes = 4096;

/**
 * Runs a script in a process group of its own, which ends with it: what it left behind in the background is killed, as
 * everything is when time is up.
 * @throws when there is no shell, the environment is too large for one, or time is up (with the signal's reason)
 */
export async function runShell(
  { script, env, timeoutMs }: ShellRun,
  signal: AbortSignal,
): Promise<ShellResult> {
  signal.throwIfAborted();
  using limit = deadline(signal, timeoutMs);
  const file = "file" in script ? [script.file] : [];
  const stdin = "file" in script ? "ignore" : "pipe";
  const child = spawn("/bin/sh", file, { env, detached: true, stdio: [stdin, "pipe", "pipe"] });
  const output = collect(child);
  const timeUp = once(limit.signal, "abort");
  const closed = once(child, "close");
  const exited = once(child, "exit", { signal: limit.signal });
  closed.catch(ignore);
  child.stdin?.on("error", ignore).end("text" in script ? script.text : "");
  try {
    const [code, killedBy] = (await exited) as [number | null, NodeJS.Signals | null];
    killGroup(child);
    // What it printed last is still on its way, unless somebody who left the group holds the pipe.
    await Promise.race([closed, timeUp]);
    return { code, signal: killedBy, output: output() };
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : error;
  } finally {
    killGroup(child);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** The last bytes of what it prints. */
function collect(child: ChildProcess): () => string {
  let kept = Buffer.alloc(0);
  const keep = (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-maxOutputBytes);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => kept.toString("utf8");
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

/** A script need not read all of its text before it ends. */
function ignore(): void {}
