/** The configuration, or a part of it, cannot be used. `faults` has a line for each reason. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly faults: readonly string[];

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults.join("\n"), options);
    this.faults = faults;
  }
}

/** Time is up; `limitMs` is how much there was. */
export class DeadlineError extends Error {
  override name = "DeadlineError";
  readonly limitMs: number;

  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.limitMs = limitMs;
  }
}

interface DeliveryFailure extends ErrorOptions {
  /** The receiver will never take this message: no retry helps. */
  readonly permanent: boolean;
  /** How long the receiver asked us to wait. */
  readonly retryAfterMs?: number | undefined;
}

/** A receiver did not take a message. */
export class DeliveryError extends Error {
  override name = "DeliveryError";
  readonly permanent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { permanent, retryAfterMs, ...options }: DeliveryFailure) {
    super(message, options);
    this.permanent = permanent;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A location did not do its work: nobody can tell anything about the target. `errorClass` is one of `location.*`. */
export class LocationError extends Error {
  override name = "LocationError";
  readonly errorClass: `location.${string}`;

  constructor(errorClass: `location.${string}`, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errorClass = errorClass;
  }
}

/** What a person reads of an unknown thrown value: its message, with the messages of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === "" ? error.name : error.message;
  const inner = error instanceof AggregateError ? error.errors.map(describeError).join("; ") : "";
  const cause = error.cause === undefined ? "" : describeError(error.cause);
  return [own, ...[inner, cause].filter((text) => text !== "" && !own.includes(text))].join(": ");
}
