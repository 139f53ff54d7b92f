import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import { secret, settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { postJson, refusal } from "../post.ts";
import { isReference, secretUrl } from "../receiver-url.ts";
import { tellBySlackBot } from "./slack-bot.ts";
import { slackMessage } from "./slack-message.ts";

/** A webhook's own word for having taken a message; anything else, even with status 200, means that it has not. */
const taken = "ok";

const tokenForm = "a bot token begins with xoxb-";

const oneWay =
  "write either url, the address of an incoming webhook, or token and channel, for a bot that keeps each incident in one thread";

export const slack = defineAction({
  name: "slack",
  kind: "message",
  settings: settings({
    type: z.literal("slack"),
    ...actionKeys,
    url: secretUrl
      .optional()
      .describe("the address of an incoming webhook, https://hooks.slack.com/services/…"),
    token: secret
      .refine(({ reference }) => isReference(reference) || isBotToken(reference), tokenForm)
      .optional()
      .describe("instead of `url`: the token of a bot with the scope chat:write, xoxb-…"),
    channel: z
      .string()
      .min(1)
      .optional()
      .describe("with `token`: the channel's ID (C…), or its name when it is a public one"),
    "api-url": z
      .url({ protocol: /^https?$/ })
      .default("https://slack.com/api")
      .describe("with `token`: where Slack's Web API is"),
  }).superRefine(({ url, token, channel }, context) => {
    const isHook = url !== undefined && token === undefined && channel === undefined;
    const isBot = url === undefined && token !== undefined && channel !== undefined;
    if (isHook || isBot) return;
    const path = url !== undefined || (token === undefined && channel === undefined) ? "url" : missing(token);
    context.addIssue({ code: "custom", path: [path], message: oneWay });
  }),
  async send(message, { url, token, channel, apiUrl, timeout }, { signal, thread }) {
    if (url === undefined) {
      const bot = { token: token?.reference ?? "", channel: channel ?? "", apiUrl, timeoutMs: timeout };
      if (!isBotToken(bot.token)) throw new DeliveryError(tokenForm, { permanent: true });
      return await tellBySlackBot(message, bot, { signal, thread });
    }
    const body = JSON.stringify(slackMessage(message));
    const answer = await postJson({ url, body, timeoutMs: timeout }, signal);
    if (answer.status !== 200 || answer.text !== taken) throw refusal(answer);
  },
});

function isBotToken(text: string): boolean {
  return /^xoxb-[\w-]+$/.test(text);
}

function missing(token: unknown): string {
  return token === undefined ? "token" : "channel";
}
