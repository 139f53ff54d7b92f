import * as z from "zod";
import type { Message } from "../../model/message.ts";
import { secret, settings } from "../../model/settings.ts";
import type { CamelKeys } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { dedupKey, keyOf } from "../dedup-key.ts";
import { messageText } from "../message-text.ts";
import { pagerStep } from "../pager-step.ts";
import { postJson, refusal } from "../post.ts";
import { severityOf } from "../severity.ts";
import type { Severity } from "../severity.ts";
import { cutText } from "../text.ts";
import { templateAlert } from "./opsgenie-template.ts";

/** https://docs.opsgenie.com/docs/alert-api: characters, but `tags`. */
const limits = {
  message: 130,
  alias: 512,
  description: 15_000,
  entity: 512,
  note: 25_000,
  tag: 50,
  link: 1500,
};
const maxTags = 20;

/** Where each region's accounts are reached. */
export const opsgenieHosts = { us: "https://api.opsgenie.com", eu: "https://api.eu.opsgenie.com" } as const;

const priorities = ["P1", "P2", "P3", "P4", "P5"] as const;

const priorityOf = { critical: "P1", error: "P2", warning: "P3", info: "P5" } satisfies Record<
  Severity,
  (typeof priorities)[number]
>;

const responder = z
  .strictObject({
    type: z.enum(["team", "user", "escalation", "schedule"]),
    id: z.string().min(1).optional(),
    name: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
  })
  .refine(({ id, name, username }) => [id, name, username].filter(Boolean).length === 1, {
    error: "say who it is by one of id, name and username",
  });

const users = z.array(z.string().min(1)).max(50).default([]);

const shape = {
  type: z.literal("opsgenie"),
  ...actionKeys,
  "api-key": secret.optional().describe("the key of an API integration"),
  region: z.enum(["us", "eu"]).default("us").describe("where the account lives"),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("another place that speaks Opsgenie's Alert API; `region` is not looked at then"),
  "dedup-key": dedupKey.optional(),
  priority: z
    .enum(priorities)
    .optional()
    .describe("default: by the verdict, from P1 for confirmed to P3 for degraded"),
  responders: z
    .array(responder)
    .max(50)
    .default([])
    .describe("who is to be called; default: the integration's"),
  tags: z.array(z.string().min(1).max(limits.tag)).max(maxTags).default([]),
  entity: z.string().min(1).max(limits.entity).optional().describe("default: the incident's subject"),
  user: z.string().min(1).max(100).optional().describe("in whose name alerts are made, closed and noted"),
  token: secret.optional().describe("Postee's word for `api-key`"),
  assignee: users.describe("Postee's word for `responders` that are users"),
  recipients: users.describe("Postee's: users who see the alert without being called"),
  alias: z
    .string()
    .min(1)
    .max(limits.alias)
    .optional()
    .describe("Postee's: one key for all alerts of this action; none is closed on recovery then"),
} as const;

type Keys = CamelKeys<z.output<z.ZodObject<typeof shape>>>;

/** Rings through Opsgenie's Alert API: one alert there for each incident, noted and closed under one alias. */
export const opsgenie = defineAction({
  name: "opsgenie",
  kind: "pager",
  settings: settings(shape)
    .refine(({ apiKey, token }) => (apiKey === undefined) !== (token === undefined), {
      path: ["api-key"],
      error: "write api-key, once: the key of an API integration",
    })
    .refine((keys) => keys.alias === undefined || keys.dedupKey === undefined, {
      path: ["alias"],
      error: "alias and dedup-key say the same thing in two ways: keep one of them",
    }),
  async send(message, keys, { signal, thread }) {
    const alias = thread ?? aliasOf(message, keys);
    const call = async (path: string, body: object) => {
      const headers = { authorization: `GenieKey ${(keys.apiKey ?? keys.token)?.reference ?? ""}` };
      const url = `${(keys.url ?? opsgenieHosts[keys.region]).replace(/\/$/, "")}/v2/alerts${path}`;
      const request = { url, headers, body: JSON.stringify(body), timeoutMs: keys.timeout };
      const answer = await postJson(request, signal);
      // The request is queued there; what comes of it is not known yet.
      if (answer.status !== 202) throw refusal(answer);
    };
    const alert = `/${encodeURIComponent(alias)}`;
    const note = { source: "Crosscheck", user: keys.user, note: cutText(messageText(message), limits.note) };
    const step = pagerStep(message, { key: alias, written: keys.dedupKey, thread });
    if (step === "none") return undefined;
    const isOver = step === "end" || message.event === "test";
    // A new alert merges into the open one without a word; but it opens again what a person has closed.
    if (step === "ring") await call("", newAlert(message, alias, keys));
    if (isOver && alias !== keys.alias) await call(`${alert}/close?identifierType=alias`, note);
    else if (isOver || thread !== null) await call(`${alert}/notes?identifierType=alias`, note);
    return alias;
  },
});

function aliasOf(message: Message, { alias, dedupKey }: Keys): string {
  const fromTemplate = dedupKey === undefined ? templateAlert(message.rendered).alias : null;
  return (
    fromTemplate?.slice(0, limits.alias).toWellFormed() ?? alias ?? keyOf(message, dedupKey, limits.alias)
  );
}

function newAlert(message: Message, alias: string, keys: Keys) {
  const { firstLine, subject, route, incident, verdict, runbook, link, rendered } = message;
  const template = templateAlert(rendered);
  const links = Object.entries({ runbook, incidentLink: link }).filter(
    ([, url]) => url !== null && url.length <= limits.link,
  );
  return {
    message: cutText(firstLine, limits.message),
    alias,
    description: cutText(
      [messageText(message), template.description ?? ""].filter(Boolean).join("\n\n"),
      limits.description,
    ),
    responders: [...keys.responders, ...keys.assignee.map(asUser)],
    visibleTo: keys.recipients.map(asUser),
    tags: [...keys.tags, ...template.tags].slice(0, maxTags).map((tag) => cutText(tag, limits.tag)),
    details: { route, incident: incident.id, outcome: verdict?.outcome, ...Object.fromEntries(links) },
    entity: cutText(keys.entity ?? template.entity ?? subject, limits.entity),
    source: "Crosscheck",
    priority: priorityIn(template.priority) ?? keys.priority ?? priorityOf[severityOf(message)],
    user: keys.user,
  };
}

function priorityIn(text: string | null): (typeof priorities)[number] | undefined {
  return priorities.find((priority) => priority === text);
}

function asUser(username: string) {
  return { type: "user", username };
}
