import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import type { Sending } from "../action-type.ts";
import { postJson, refusal } from "../post.ts";
import type { Answer } from "../post.ts";
import { slackMessage } from "./slack-message.ts";

export interface Bot {
  /** Revealed. */
  readonly token: string;
  readonly channel: string;
  readonly apiUrl: string;
  readonly timeoutMs: number;
}

/** Where an incident's first message stands. */
interface Place {
  readonly channel: string;
  readonly ts: string;
}

/** What Slack says to a call: done, and where; or its word for why not. */
type Said =
  | { readonly error: null; readonly place: Place | null }
  | { readonly error: string; readonly failure: DeliveryError };

/**
 * Tells Slack through its Web API (https://docs.slack.dev/reference/methods/chat.postMessage):
 *
 * 1. An incident's first message is posted; its place is what later ones go on from.
 * 2. For a later one the first is changed, so that the channel shows how things stand; changing it twice does no harm.
 * 3. Then the news is posted into its thread: last, so that a retry repeats as little as can be.
 * @throws DeliveryError
 */
export async function tellBySlackBot(
  message: Message,
  bot: Bot,
  { signal, thread }: Sending,
): Promise<string | undefined> {
  const content = { ...slackMessage(message), unfurl_links: false, unfurl_media: false };
  const first = placeOf(thread);
  const call = (method: string, body: object) => callSlack(bot, { method, body }, signal);
  if (first !== null) {
    const { channel, ts } = first;
    const updated = await call("chat.update", { channel, ts, ...content });
    // Whatever else Slack has against the change (the message was deleted, say), the news is worth more than the head.
    if (updated.error !== null && isBusy(updated.error)) throw updated.failure;
    const reply = { channel, thread_ts: ts, reply_broadcast: isNews(message), ...content };
    const replied = await call("chat.postMessage", reply);
    if (replied.error === null) return undefined;
    if (!isLost(replied.error)) throw replied.failure;
  }
  const posted = await call("chat.postMessage", { channel: bot.channel, ...content });
  if (posted.error !== null) throw posted.failure;
  return posted.place === null ? undefined : JSON.stringify(posted.place);
}

/** Good news stays in the thread; anything else is shown in the channel too, where a reply alone would go unseen. */
function isNews({ event, verdict }: Message): boolean {
  return event !== "recovered" && verdict?.outcome !== "not-reproduced";
}

function placeOf(thread: string | null): Place | null {
  try {
    return placeIn(JSON.parse(thread ?? "null") as unknown);
  } catch {
    return null;
  }
}

function placeIn(value: unknown): Place | null {
  if (typeof value !== "object" || value === null || !("channel" in value) || !("ts" in value)) return null;
  const { channel, ts } = value;
  return typeof channel === "string" && typeof ts === "string" ? { channel, ts } : null;
}

async function callSlack(
  { token, apiUrl, timeoutMs }: Bot,
  { method, body }: { readonly method: string; readonly body: object },
  signal: AbortSignal,
): Promise<Said> {
  const url = `${apiUrl.replace(/\/$/, "")}/${method}`;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await postJson({ url, headers, body: JSON.stringify(body), timeoutMs }, signal);
  const said = answerOf(answer);
  if (said === null) throw refusal(answer);
  if (said.ok === true && answer.status === 200) return { error: null, place: placeIn(said) };
  const error = typeof said.error === "string" && /^\w{1,60}$/.test(said.error) ? said.error : "";
  if (error === "") throw refusal(answer);
  return { error, failure: failureOf(error, { method, needed: said.needed }, answer) };
}

interface ApiAnswer {
  readonly ok?: unknown;
  readonly error?: unknown;
  readonly needed?: unknown;
}

function answerOf({ body }: Answer): ApiAnswer | null {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}

function failureOf(
  error: string,
  { method, needed }: { readonly method: string; readonly needed: unknown },
  { retryAfterMs }: Answer,
): DeliveryError {
  const scope = typeof needed === "string" && /^[\w:,. ]{1,100}$/.test(needed) ? ` (${needed})` : "";
  const advice = advices[error] === undefined ? "" : `: ${advices[error]}${scope}`;
  return new DeliveryError(`Slack answers ${error} to ${method}${advice}`, {
    permanent: isHopeless(error),
    retryAfterMs,
  });
}

const advices: Readonly<Record<string, string>> = {
  not_in_channel: "invite the bot to the channel",
  channel_not_found: "write the channel's ID, and invite the bot if it is private",
  is_archived: "the channel is archived",
  missing_scope: "the bot lacks a scope",
  invalid_auth: "the token is not valid",
};

/** Errors that the same call meets again later; one that is not known here is tried again. */
function isHopeless(error: string): boolean {
  const isKnownKind = /^(invalid|restricted_action|token|msg|metadata|slack_connect)(_|$)/.test(error);
  return isKnownKind || hopeless.has(error);
}

const hopeless = new Set([
  "access_denied",
  "account_inactive",
  "as_user_not_supported",
  "cannot_reply_to_message",
  "channel_not_found",
  "channel_type_not_supported",
  "deprecated_endpoint",
  "duplicate_channel_not_found",
  "ekm_access_denied",
  "enterprise_is_restricted",
  "is_archived",
  "is_inactive",
  "messages_tab_disabled",
  "method_deprecated",
  "missing_post_type",
  "missing_scope",
  "no_permission",
  "no_text",
  "not_allowed_token_type",
  "not_authed",
  "not_in_channel",
  "team_access_not_granted",
  "two_factor_setup_required",
  "unknown_method",
]);

/** Slack is there, and too busy for anything. */
function isBusy(error: string): boolean {
  return ["ratelimited", "rate_limited", "service_unavailable", "internal_error", "fatal_error"].includes(
    error,
  );
}

/** The thread is gone, and the channel is not. */
function isLost(error: string): boolean {
  return ["thread_not_found", "message_not_found", "cannot_reply_to_message"].includes(error);
}
