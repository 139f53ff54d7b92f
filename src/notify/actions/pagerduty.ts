import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { observationJson } from "../../model/observation.ts";
import { secret, settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { dedupKey, keyOf } from "../dedup-key.ts";
import { linksOf, voteWords, whereOf } from "../message-text.ts";
import { pagerStep } from "../pager-step.ts";
import { postJson, refusal } from "../post.ts";
import { isReference } from "../receiver-url.ts";
import { severities, severityOf } from "../severity.ts";
import type { Severity } from "../severity.ts";

const keyForm = "a routing key is the 32 characters of a service's Events API v2 integration";

const routingKey = secret.refine(
  ({ reference }) => isReference(reference) || isRoutingKey(reference),
  keyForm,
);

/** https://developer.pagerduty.com, Events API v2: limits of an event. */
const maxKeyLength = 255;
const maxBytes = 512_000;

/** Rings through PagerDuty's Events API v2: one incident there for each here, updated and resolved under one key. */
export const pagerduty = defineAction({
  name: "pagerduty",
  kind: "pager",
  settings: settings({
    type: z.literal("pagerduty"),
    ...actionKeys,
    "routing-key": routingKey.optional().describe(keyForm),
    "dedup-key": dedupKey.optional(),
    severity: z
      .enum(severities)
      .optional()
      .describe(
        "of every event; default: by the verdict, from critical for confirmed to warning for degraded",
      ),
    url: z
      .url({ protocol: /^https?$/ })
      .default("https://events.pagerduty.com")
      .describe("where PagerDuty takes events; accounts in the EU have a host of their own"),
    "pagerduty-routing-key": routingKey.optional().describe("Postee's word for `routing-key`"),
    "pagerduty-auth-token": secret.optional().describe("Postee's; taken and not used, events need no token"),
  }).refine((keys) => (keys.routingKey === undefined) !== (keys.pagerdutyRoutingKey === undefined), {
    path: ["routing-key"],
    error: `write routing-key, once: ${keyForm}`,
  }),
  async send(message, keys, { signal, thread }) {
    const routing = (keys.routingKey ?? keys.pagerdutyRoutingKey)?.reference ?? "";
    if (!isRoutingKey(routing)) throw new DeliveryError(keyForm, { permanent: true });
    // The first key stays: a later alert with another one must not split the incident.
    const dedup = thread ?? keyOf(message, keys.dedupKey, maxKeyLength);
    const post = async (body: string) => {
      const url = `${keys.url.replace(/\/$/, "")}/v2/enqueue`;
      const answer = await postJson({ url, body, secrets: [routing], timeoutMs: keys.timeout }, signal);
      // PagerDuty has accepted an event with this status only.
      if (answer.status !== 202) throw refusal(answer);
    };
    const head = { routing_key: routing, dedup_key: dedup };
    const step = pagerStep(message, { key: dedup, written: keys.dedupKey, thread });
    if (step === "none") return undefined;
    if (step === "ring") await post(trigger(message, head, keys.severity));
    if (step === "end" || message.event === "test")
      await post(JSON.stringify({ ...head, event_action: "resolve" }));
    return dedup;
  },
});

function isRoutingKey(text: string): boolean {
  return /^\w{32}$/.test(text);
}

/** The whole event, or what of its details there is room for. */
function trigger(message: Message, head: object, severity: Severity | undefined): string {
  const { firstLine, subject, route, verdict, sentAt, link, alert, rendered, observations } = message;
  const payload = {
    summary: firstLine,
    source: subject === "" ? "crosscheck" : subject,
    severity: severity ?? severityOf(message),
    timestamp: new Date(sentAt).toISOString(),
    group: route,
    class: verdict?.scope.errorClass ?? undefined,
  };
  const written = (details: object) =>
    JSON.stringify({
      ...head,
      event_action: "trigger",
      payload: { ...payload, custom_details: details },
      links: linksOf(message).map(({ label, url }) => ({ href: url, text: label })),
      client: "Crosscheck",
      client_url: link ?? undefined,
    });
  const { summary, contrasts, changes, evidence, notTested, next } = message;
  const seen = { summary, locations: locationTexts(message), contrasts, changes, evidence };
  const told = { ...seen, notTested, next };
  const looked = { ...told, observations: observations.map(observationJson) };
  const bodies = [
    { ...looked, alert, template: rendered ?? undefined },
    { ...looked, alert: tooLarge },
    { ...told, observations: tooLarge, alert: tooLarge },
    { summary },
  ].map(written);
  return bodies.find((body) => Buffer.byteLength(body) <= maxBytes) ?? bodies.at(-1) ?? "";
}

const tooLarge = "left out: too large for PagerDuty";

function locationTexts(message: Message): string[] {
  return message.locations.map((line) => `${voteWords[line.vote]} ${whereOf(line, message)}: ${line.text}`);
}
