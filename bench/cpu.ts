import { readFileSync } from "node:fs";

/** Ticks of the kernel's process accounting: 100 a second on every Linux that Node runs on. */
const tickMs = 10;

/** CPU time of a process with all its threads so far, ms. Unlike times by the clock it hardly feels who else is busy. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Since when to count, for `stolenPercent`. */
export type CpuTimes = readonly number[];

/** What the cores have done since the start of the machine, in ticks: user, nice, system, idle, iowait, irq, softirq, steal. */
export function cpuTimes(): CpuTimes {
  const [all = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  return all.split(/\s+/).slice(1, 9).map(Number);
}

/** How much of the cores' time since then the hypervisor gave to other machines: no process here could use it. */
export function stolenPercent(since: CpuTimes): number {
  const spent = cpuTimes().map((ticks, index) => ticks - (since[index] ?? 0));
  return ((spent.at(-1) ?? 0) * 100) / spent.reduce((sum, ticks) => sum + ticks, 0);
}
