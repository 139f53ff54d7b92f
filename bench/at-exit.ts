const cleaners = new Set<() => void>();

/** Cleans up when this process ends before it is disposed of; dispose of the answer when there is nothing left to do. */
export function atExit(clean: () => void): Disposable {
  cleaners.add(clean);
  return { [Symbol.dispose]: () => void cleaners.delete(clean) };
}

function cleanAll(): void {
  for (const clean of cleaners) clean();
}

process.on("exit", cleanAll);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    cleanAll();
    // The handler is gone: this time it ends us.
    process.kill(process.pid, signal);
  });
}
