import { readFileSync } from "node:fs";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Diagnosis, Examination } from "./diagnosis.ts";

/** What this process was given by its system; null: it does not say. */
export interface MachineFacts {
  /** `v24.21.0` */
  readonly node: string;
  readonly zone: string;
  /** Text of /proc/self/limits and /proc/self/status: proc(5). */
  readonly limits: string | null;
  readonly status: string | null;
}

const oldestNode = 24;
/** As many connections as a server takes, and what else it has open (web/limits.ts). */
const enoughFiles = 10_500;
/** CAP_SYS_NICE: capabilities(7). */
const niceBit = 23n;
/** A limit of 30 allows a nice value of -10: getrlimit(2). */
const enoughNice = 30;

export function examineMachine(): Examination {
  const facts = {
    node: process.version,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    limits: textOf("/proc/self/limits"),
    status: textOf("/proc/self/status"),
  };
  return { about: "machine", examine: () => Promise.resolve(judgeMachine(facts)) };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

export function judgeMachine({ node, zone, limits, status }: MachineFacts): Diagnosis[] {
  const major = Number(/^v?(\d+)/.exec(node)?.[1]);
  const times = `times are in UTC, whatever this machine's zone is (${zone})`;
  return [
    major >= oldestNode
      ? ok("Node", `${node}; ${times}`)
      : fail("Node", `${node} is too old`, `install Node ${oldestNode} or newer`),
    ...(limits === null ? [] : [judgeFiles(limits)]),
    ...(limits === null || status === null ? [] : [judgePriority(limits, status)]),
  ];
}

function judgeFiles(limits: string): Diagnosis {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? "unlimited";
  const files = soft === "unlimited" ? Infinity : Number(soft);
  if (files >= enoughFiles) return ok("open files", `${soft} at a time`);
  const connections = Math.max(100, files - 500);
  return warn(
    "open files",
    `only ${soft} at a time, which is ${connections} connections`,
    `raise the limit (ulimit -n, LimitNOFILE=) to ${enoughFiles} or more`,
  );
}

function judgePriority(limits: string, status: string): Diagnosis {
  const hex = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0";
  const nice = Number(/^Max nice priority\s+(\d+)/m.exec(limits)?.[1] ?? 0);
  if (((BigInt(`0x${hex}`) >> niceBit) & 1n) === 1n || nice >= enoughNice)
    return ok("probe priority", "probes may go ahead of other work");
  return warn(
    "probe priority",
    "probes have no priority, so that their timings are less exact under load",
    "give the process CAP_SYS_NICE if the machine is busy",
  );
}
