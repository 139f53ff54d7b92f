import type { OpenSetup } from "./setup.ts";

/** The setup that runs now, and those before it that still have a run under way. */
export interface Setups extends AsyncDisposable {
  current(): OpenSetup;
  /** Puts another setup in place; the one before closes when its last run has ended. */
  swap(next: OpenSetup): void;
}

export function currentSetup(first: OpenSetup): Setups {
  let current = first;
  const retiring = new Set<Promise<void>>();
  const retire = (setup: OpenSetup) => {
    const done = setup.retire();
    retiring.add(done);
    void done.finally(() => retiring.delete(done));
  };
  return {
    current: () => current,
    swap(next) {
      const before = current;
      current = next;
      retire(before);
    },
    async [Symbol.asyncDispose]() {
      retire(current);
      await Promise.all(retiring);
    },
  };
}
