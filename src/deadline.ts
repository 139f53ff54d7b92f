import { DeadlineError } from "./model/errors.ts";

/** A signal that aborts when its parent does or when time is up; dispose it when the work is done. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * `using limit = deadline(signal, 5000)`. Not `AbortSignal.any([...])`: a long-lived parent keeps what hangs on it
 * (nodejs/node#54614), this lets go. The reason of an abort by time is a `DeadlineError`. What has arrived by then is read
 * first: a process that was held up past its time must not take an answer that waits to be read for silence.
 */
export function deadline(parent: AbortSignal, limitMs: number): Deadline {
  const controller = new AbortController();
  const forward = () => {
    controller.abort(parent.reason);
  };
  if (parent.aborted) forward();
  else parent.addEventListener("abort", forward, { once: true });
  let reading: NodeJS.Immediate | undefined;
  const timer = setTimeout(
    () => {
      reading = setImmediate(() => {
        controller.abort(new DeadlineError(limitMs));
      });
    },
    // What is longer, Node takes for 1 ms.
    Math.min(limitMs, 2 ** 31 - 1),
  );
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      clearImmediate(reading);
      parent.removeEventListener("abort", forward);
    },
  };
}
