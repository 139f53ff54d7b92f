/** How long an orderly end may take in all; what runs may go on for 10 s of it (work-server.ts). */
const limitMs = 15_000;
/** What a shell says of a process that a signal has ended: 128 and the signal's number. */
const codes: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Resolves at the first SIGTERM or SIGINT with its name; the second one ends the process at once. With `late`, an end that
 * takes longer than 15 s is told to it and cut short, with code 0 all the same: what was under way is taken up by others
 * when its leases end.
 */
export function untilSignal(late?: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (signal: NodeJS.Signals) => {
      if (asked) process.exit(codes[signal]);
      asked = true;
      if (late !== undefined) cutShort(late);
      resolve(signal);
    };
    process.on("SIGTERM", ask);
    process.on("SIGINT", ask);
  });
}

function cutShort(late: () => void): void {
  const cut = () => {
    late();
    // `exit` waits for threads that wait for a disk; where one does not answer, nothing less ends the process.
    const stuck = process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"));
    if (stuck) process.kill(process.pid, "SIGKILL");
    process.exit(0);
  };
  setTimeout(cut, limitMs).unref();
}
