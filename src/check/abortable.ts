import { DeadlineError, describeError, LocationError } from "../model/errors.ts";

/** The promise, or a rejection with the signal's reason as soon as it aborts: for work that cannot itself be stopped. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const cut = Promise.withResolvers<never>();
  const abort = () => {
    cut.reject(signal.reason);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, cut.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What a location's silence is called when its signal has aborted. */
export function cutShort(signal: AbortSignal): LocationError {
  const reason: unknown = signal.reason;
  if (reason instanceof LocationError) return reason;
  const message = reason instanceof DeadlineError ? reason.message : `given up: ${describeError(reason)}`;
  return new LocationError("location.timeout", message, { cause: reason });
}
