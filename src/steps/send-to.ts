import { setTimeout as sleep } from "node:timers/promises";
import { DeliveryError, describeError } from "../model/errors.ts";
import type { Message } from "../model/message.ts";
import { revealSecrets } from "../model/secret.ts";
import type { Sending } from "../notify/action-type.ts";
import { actionTypeByName } from "../notify/actions/index.ts";
import { sendDelivery } from "../notify/deliver.ts";
import type { Context } from "./context.ts";

/**
 * Sends a message to an action of the running configuration, once, whatever the database says.
 * @throws DeliveryError; permanent when the configuration has no such action
 */
export async function sendTo(
  context: Context,
  action: string,
  message: Message,
  sending: Sending,
): Promise<string | null> {
  const { config } = context.setup();
  const settings = config.actions.get(action);
  const type = settings === undefined ? undefined : actionTypeByName.get(settings.type);
  if (settings === undefined || type === undefined)
    throw new DeliveryError(`the configuration has no action ${action}`, { permanent: true });
  return sendDelivery(type, revealSecrets(settings, config.secretSource), message, sending);
}

/**
 * The same until the action has taken it, with pauses (ms) between the tries; whether it has. Each try is logged as
 * `event`. Never rejects.
 */
export async function sendUntilTaken(
  context: Context,
  { action, message, event }: { readonly action: string; readonly message: Message; readonly event: string },
  pausesMs: readonly number[],
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  for (const pauseMs of [...pausesMs, null]) {
    const error = await sendOnce(context, { action, message }, signal);
    context.metrics.emergencies.inc({ action, result: error === null ? "ok" : "failed" });
    const facts = { action, key: message.id, alert: message.alert?.id };
    if (error === null) {
      context.log.warn(event, facts);
      return true;
    }
    context.log.error(`not-${event}`, { ...facts, error: describeError(error) });
    if (error.permanent || pauseMs === null) return false;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
  }
  return false;
}

async function sendOnce(
  context: Context,
  { action, message }: { readonly action: string; readonly message: Message },
  signal: AbortSignal,
): Promise<DeliveryError | null> {
  try {
    await sendTo(context, action, message, { signal, thread: null });
    return null;
  } catch (error) {
    if (error instanceof DeliveryError) return error;
    return new DeliveryError("not sent", { permanent: false, cause: error });
  }
}
