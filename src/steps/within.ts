import { DeadlineError } from "../model/errors.ts";

/**
 * What the promise gives, if it does so in time; it goes on by itself after that.
 * @throws Error that names `what` when time is up
 */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new Error(`${what} did not answer in time`, { cause: new DeadlineError(limitMs) }));
  }, limitMs);
  // Its failure after that is nobody's news.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
