import { setPriority } from "node:os";

/**
 * Puts the calling thread ahead of what else wants the same core, so that a flood of alerts does not bend the timings of
 * probes (docs/decisions/0006). Takes CAP_SYS_NICE.
 */
export function goAheadForProbing(): void {
  setNice(-10);
}

/** Puts the calling thread, and those that it starts from here on, behind the probe thread. Any user may. */
export function yieldToProbing(): void {
  setNice(5);
}

/**
 * On Linux a nice value belongs to a thread: sched(7). Elsewhere it would move the whole process. Where the system
 * refuses, all is as true as before, only less exact under load.
 */
function setNice(value: number): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(value);
  } catch {
    return;
  }
}
