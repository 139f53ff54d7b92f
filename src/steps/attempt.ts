import type { Delivery } from "../model/delivery.ts";
import { DeliveryError, describeError } from "../model/errors.ts";
import type { Message } from "../model/message.ts";
import { revealSecrets } from "../model/secret.ts";
import type { ActionSettings, ActionType } from "../notify/action-type.ts";
import { actionTypeByName } from "../notify/actions/index.ts";
import { sendDelivery } from "../notify/deliver.ts";
import { threadOf } from "../store/heard.ts";
import type { Context } from "./context.ts";
import { messageFor } from "./message.ts";

/** What one try has come to. */
export interface Tried {
  /** The receiver was asked; else something of our own was in the way, which says nothing about it. */
  readonly wasSent: boolean;
  /** Null: the receiver has taken the message. */
  readonly error: DeliveryError | null;
  /** What it leaves for later messages. */
  readonly thread: string | null;
}

/** What is to be sent, and whom. */
interface Sendable {
  readonly settings: ActionSettings;
  readonly delivery: Delivery;
}

interface Ready {
  readonly type: ActionType;
  /** Revealed. */
  readonly settings: ActionSettings;
  readonly message: Message;
  readonly thread: string | null;
}

/**
 * Sends a delivery once; `over` when the incident ended before it could be told. It throws only when a shutdown, or a
 * lease that was lost, cut it off: that is no try.
 */
export async function attempt(
  context: Context,
  sendable: Sendable,
  signal: AbortSignal,
): Promise<Tried | "over"> {
  const ready = await orError(() => prepare(context, sendable), signal);
  if (ready === "over") return "over";
  if (ready instanceof DeliveryError) return { wasSent: false, error: ready, thread: null };
  const { type, settings, message, thread } = ready;
  const sent = await orError(() => sendDelivery(type, settings, message, { signal, thread }), signal);
  return sent instanceof DeliveryError
    ? { wasSent: true, error: sent, thread: null }
    : { wasSent: true, error: null, thread: sent };
}

async function prepare(context: Context, { settings, delivery }: Sendable): Promise<Ready | "over"> {
  const { secretSource } = context.setup().config;
  const type = actionTypeByName.get(settings.type);
  if (type === undefined)
    throw new DeliveryError(`no action type is called ${settings.type}`, { permanent: true });
  const [message, thread] = await Promise.all([
    messageFor(context, delivery),
    // Nobody has left anything for the first one.
    delivery.number === 1 ? null : threadOf(context.database, delivery),
  ]);
  if (message === undefined) throw new DeliveryError("its incident is gone", { permanent: true });
  if (isOldNews(delivery, message)) return "over";
  return { type, settings: revealSecrets(settings, secretSource), message, thread };
}

/** That it is over is all that is left to tell once it is; the end of what nobody checks is that it has been told. */
function isOldNews({ event, createdAt }: Delivery, { incident }: Message): boolean {
  const news = event === "trigger" || event === "verdict" || event === "change";
  return news && incident.closedAt !== null && createdAt < incident.closedAt;
}

async function orError<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | DeliveryError> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof DeliveryError) return error;
    return new DeliveryError(describeError(error), { permanent: false, cause: error });
  }
}
