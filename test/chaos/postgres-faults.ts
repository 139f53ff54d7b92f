import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { until } from "../fixtures/until.ts";

/** The process of a PostgreSQL on this machine, found by one of its databases. */
export interface Postmaster {
  /** As `pg_ctl stop -m immediate`: every connection is cut, nothing is written any more. Resolves when it is gone. */
  stopAtOnce(): Promise<void>;
  /** It and all that serve connections stand still: what is asked hangs. */
  freeze(): Promise<void>;
  thaw(): void;
}

/** @param url of one of its databases, for a superuser */
export async function findPostmaster(url: string): Promise<Postmaster> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ folder: string }>(
    "select current_setting('data_directory') as folder",
  );
  await client.end();
  const [line] = (await readFile(join(rows[0]?.folder ?? "", "postmaster.pid"), "utf8")).split("\n");
  const pid = Number(line);
  let frozen: readonly number[] = [];
  return {
    async stopAtOnce() {
      process.kill(pid, "SIGQUIT");
      await until("PostgreSQL to be gone", () => !lives(pid));
    },
    async freeze() {
      // First the one that makes the others.
      process.kill(pid, "SIGSTOP");
      frozen = [pid, ...(await childrenOf(pid))];
      for (const each of frozen) send(each, "SIGSTOP");
    },
    thaw() {
      for (const each of frozen) send(each, "SIGCONT");
      frozen = [];
    },
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, "utf8"));
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

function lives(pid: number): boolean {
  return send(pid, 0);
}

/** Whether there was such a process. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
