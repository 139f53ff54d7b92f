import { deadline } from "../deadline.ts";
import type { ActionKind } from "../model/action.ts";
import type { Delivery } from "../model/delivery.ts";
import { DeliveryError, describeError } from "../model/errors.ts";
import { hidingSecrets } from "../model/hide.ts";
import type { Message } from "../model/message.ts";
import type { ActionSettings, ActionType, Sending } from "./action-type.ts";
import { plainText } from "./text.ts";

/** How long a delivery is retried, and the longest pause between two tries. */
const patience: Readonly<Record<ActionKind, { readonly retryMs: number; readonly pauseMs: number }>> = {
  pager: { retryMs: 24 * 3_600_000, pauseMs: 15_000 },
  message: { retryMs: 3_600_000, pauseMs: 60_000 },
  ticket: { retryMs: 3_600_000, pauseMs: 60_000 },
  effect: { retryMs: 3_600_000, pauseMs: 60_000 },
};

const firstPauseMs = 1000;
/** How long an action may be out of reach until its fallback is told. */
const fallbackAfterMs = 60_000;
/** A pager that asks us to wait longer than this is asked again all the same. */
const longestPagerWaitMs = 60_000;
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
  const waitMs = kind === "pager" ? Math.min(askedMs, longestPagerWaitMs) : askedMs;
  const usual = now + backoffMs(kind, attempts, random);
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

/** 1, 2, 4 s … up to the longest pause; between half and the whole of it, so that many do not come back at once. */
function backoffMs(kind: ActionKind, attempts: number, random: number): number {
  const pause = Math.min(firstPauseMs * 2 ** (attempts - 1), patience[kind].pauseMs);
  return Math.round(pause * (0.5 + random / 2));
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
