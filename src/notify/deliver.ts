import { deadline } from "../deadline.ts";
import type { ActionKind } from "../model/action.ts";
import type { Delivery } from "../model/delivery.ts";
import { DeliveryError, describeError } from "../model/errors.ts";
import { hidingSecrets } from "../model/hide.ts";
import type { Message } from "../model/message.ts";
import type { ActionSettings, ActionType, Sending } from "./action-type.ts";
import type { Wait } from "./gates.ts";
import { longestAskedMs, patience, pauseMs } from "./patience.ts";
import { plainText } from "./text.ts";

/** How long an action may be out of reach until its fallback is told. */
const fallbackAfterMs = 60_000;
/** What waits asks again at least so often: its turn may have come earlier than it seemed. */
const longestWaitMs = 60_000;
const usualTimeoutMs = 10_000;

/** What an action has, beyond its own timeout, to notice that time is up. */
const graceMs = 1000;
const maxErrorLength = 500;
/** As in post.ts. */
const shortestSecret = 6;

export interface Circumstances {
  readonly kind: ActionKind;
  /** ms since 1970, when the try ended */
  readonly now: number;
  /** 0 to 1, for the jitter */
  readonly random: number;
}

/** What a try makes of a delivery. */
export interface Decision {
  readonly state: "pending" | "delivered" | "dead";
  /** Tries so far, with this one. */
  readonly attempts: number;
  readonly nextAt: number;
  readonly error: string | null;
  /** The fallback is to be told now; once, since it then is in the row. */
  readonly fallbackDue: boolean;
}

/** What becomes of a delivery after a try: `error` is what went wrong, null when the receiver has taken it. */
export function decideDelivery(
  delivery: Pick<Delivery, "attempts" | "createdAt" | "nextAt" | "fallbackAt">,
  error: DeliveryError | null,
  { kind, now, random }: Circumstances,
): Decision {
  const attempts = delivery.attempts + 1;
  if (error === null)
    return { state: "delivered", attempts, nextAt: delivery.nextAt, error: null, fallbackDue: false };

  const lastTryAt = delivery.createdAt + patience[kind].retryMs;
  const fallbackAt = delivery.createdAt + fallbackAfterMs;
  const untold = delivery.fallbackAt === null;
  const failed = { attempts, error: plainText(describeError(error), maxErrorLength) };
  if (error.permanent || now >= lastTryAt)
    return { ...failed, state: "dead", nextAt: delivery.nextAt, fallbackDue: untold };

  const askedMs = error.retryAfterMs ?? 0;
  const waitMs = kind === "pager" ? Math.min(askedMs, longestAskedMs(kind)) : askedMs;
  const usual = now + pauseMs(kind, attempts, random);
  // One try falls on the moment the fallback is due: the receiver's last chance to make it needless.
  const aligned = now < fallbackAt ? Math.min(usual, fallbackAt) : usual;
  const nextAt = Math.min(Math.max(now + waitMs, aligned), lastTryAt);
  // Asked to stay away beyond that moment, there is nothing to wait for.
  return {
    ...failed,
    state: "pending",
    nextAt,
    fallbackDue: untold && (now >= fallbackAt || nextAt > fallbackAt),
  };
}

/** What becomes of a delivery that may not be tried now. */
export interface Waiting {
  readonly decision: Decision;
  /** When to ask again; ms since 1970. */
  readonly wakeAt: number;
}

/**
 * A message that waits is not told: its fallback is, when that is due. That is no failure of its own, so it waits for its
 * turn as long as it takes; for a receiver that does not answer it waits no longer than it would have been retried.
 */
export function decideWait(
  delivery: Pick<Delivery, "attempts" | "createdAt" | "nextAt" | "fallbackAt">,
  { reason, until, why }: Wait,
  { kind, now }: Pick<Circumstances, "kind" | "now">,
): Waiting {
  const { attempts, nextAt, createdAt } = delivery;
  const lastTryAt = createdAt + patience[kind].retryMs;
  const fallbackAt = createdAt + fallbackAfterMs;
  const isOver = reason === "open" && now >= lastTryAt;
  const untold = delivery.fallbackAt === null;
  const error = plainText(why, maxErrorLength);
  const fallbackDue = untold && (isOver || now >= fallbackAt);
  const moments = [fallbackAt, ...(reason === "open" ? [lastTryAt] : [])].filter((at) => at > now);
  return {
    decision: isOver
      ? { state: "dead", attempts, nextAt: now, error, fallbackDue }
      : { state: "pending", attempts, nextAt, error, fallbackDue },
    wakeAt: Math.min(Math.max(until, now), now + longestWaitMs, ...moments),
  };
}

/** Whatever an action makes of its failure, it is kept and shown: it stays as it is only if it has no secret. */
function withoutSecrets(error: unknown, settings: object): DeliveryError {
  const failure =
    error instanceof DeliveryError
      ? error
      : new DeliveryError("not sent", { permanent: false, cause: error });
  const told = describeError(failure);
  const hidden = hidingSecrets(settings, shortestSecret)(told);
  if (hidden === told) return failure;
  const { permanent, retryAfterMs } = failure;
  return new DeliveryError(hidden, { permanent, retryAfterMs });
}

/**
 * Sends one message, once. An action that does not heed its signal is left behind when time is up: it must not hold up
 * the deliveries behind it. Resolves with what later messages go on from, null when that is nothing.
 * @throws DeliveryError, and nothing else; what an action did not expect counts as passing.
 */
export async function sendDelivery<Settings extends ActionSettings>(
  type: ActionType<Settings>,
  settings: Settings,
  message: Message,
  { signal, thread }: Sending,
): Promise<string | null> {
  using limit = deadline(signal, (settings.timeout ?? usualTimeoutMs) + graceMs);
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  limit.signal.addEventListener("abort", () => {
    reject(limit.signal.reason);
  });
  try {
    signal.throwIfAborted();
    const sent = type.send(message, settings, { signal: limit.signal, thread });
    return (await Promise.race([timeUp, sent])) ?? null;
  } catch (error) {
    throw withoutSecrets(error, settings);
  }
}
