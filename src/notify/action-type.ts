import * as z from "zod";
import type { ActionKind } from "../model/action.ts";
import type { Message } from "../model/message.ts";
import type { Kind } from "../model/registry.ts";
import { duration, name, rate } from "../model/settings.ts";
import type { Rate } from "../model/settings.ts";

/** The keys that actions of every type have; `type` and the rest are the action's own. */
export const actionKeys = {
  name: name.describe("what routes call it"),
  enable: z.boolean().default(true).describe("whether it is told anything"),
  fallback: z
    .array(name)
    .default([])
    .describe("actions that are told instead when this one cannot be reached"),
  timeout: duration.default(10_000).describe("for one delivery to be taken"),
  concurrency: z
    .int()
    .min(1)
    .max(1000)
    .default(20)
    .describe("how many messages are on their way to it at once, from each replica"),
  rate: rate
    .optional()
    .describe(
      "how many messages it is sent at most, by each replica, such as `1/s` or `20/m`; the others wait",
    ),
  "runs-on": z.string().exactOptional().describe("of Postee, without effect: every action runs here"),
};

export interface ActionSettings {
  readonly type: string;
  readonly name: string;
  readonly enable: boolean;
  readonly fallback: readonly string[];
  /** ms; undefined: as long as actions of its type usually wait. */
  readonly timeout?: number | undefined;
  /** Messages on their way to it at once. */
  readonly concurrency: number;
  readonly rate?: Rate | undefined;
}

/**
 * A type of action: its word, its settings, and how it tells its receiver. Retries, order and limits live in
 * deliver.ts; an action gives the message its receiver's form and says how the receiver answered.
 */
export interface ActionType<Settings extends ActionSettings = ActionSettings> extends Kind {
  readonly kind: ActionKind;
  readonly settings: z.ZodType<Settings>;
  /**
   * Resolves when the receiver has taken the message, with what later messages about the incident need to go on from
   * it, if anything. Settings come with their secrets revealed.
   * @throws DeliveryError when it has not; any other error counts as passing.
   */
  send(message: Message, settings: Settings, sending: Sending): Promise<string | void>;
}

/** What an action is handed beside the message. */
export interface Sending {
  readonly signal: AbortSignal;
  /**
   * What this action gave back for the first message about the incident that its receiver took and gave something for:
   * the key that a pager's trigger had, the place of a chat message. Null before.
   */
  readonly thread: string | null;
}

/** Keeps the settings' type while the list of types forgets it. */
export function defineAction<Settings extends ActionSettings>(
  type: ActionType<Settings>,
): ActionType<Settings> {
  return type;
}
