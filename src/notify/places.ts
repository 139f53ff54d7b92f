interface Action {
  busy: number;
  limit: number;
  /** In order. */
  readonly waiting: Set<() => void>;
}

/** How many messages are on their way to each action: who finds no place waits for one, in the order of asking. */
export class Places {
  readonly #actions = new Map<string, Action>();

  /**
   * Resolves with a place among the `limit` of an action, which is free again when it is disposed of.
   * @throws the signal's reason when it is aborted before there is one
   */
  async take(name: string, limit: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const action = this.#of(name, limit);
    // A reload may have made more of them: whoever waits already comes first.
    admit(action);
    if (action.busy < limit) action.busy += 1;
    else await turn(action, signal);
    return { [Symbol.dispose]: () => leave(action) };
  }

  #of(name: string, limit: number): Action {
    const action = this.#actions.get(name) ?? { busy: 0, limit, waiting: new Set() };
    action.limit = limit;
    this.#actions.set(name, action);
    return action;
  }
}

async function turn({ waiting }: Action, signal: AbortSignal): Promise<void> {
  const { promise, resolve: begin, reject } = Promise.withResolvers<void>();
  const giveUp = () => {
    if (waiting.delete(begin)) reject(signal.reason);
  };
  waiting.add(begin);
  signal.addEventListener("abort", giveUp, { once: true });
  await promise.finally(() => signal.removeEventListener("abort", giveUp));
}

function leave(action: Action): void {
  action.busy -= 1;
  admit(action);
}

/** Places that are free go to whoever has waited longest. */
function admit(action: Action): void {
  for (const begin of action.waiting) {
    if (action.busy >= action.limit) return;
    action.waiting.delete(begin);
    action.busy += 1;
    begin();
  }
}
