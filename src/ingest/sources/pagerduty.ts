import * as z from "zod";
import type { AlertStatus } from "../../model/alert.ts";
import { name, secret, settings } from "../../model/settings.ts";
import { senderTokens } from "../sender-tokens.ts";
import { admitSigned, fromHex, isSigned } from "../signature.ts";
import { defineSource } from "../source-type.ts";
import type { Webhook } from "../source-type.ts";

const signatureHeader = "X-PagerDuty-Signature";

/** What our own pager action calls its incidents, and itself. */
const ownKey = /^crosscheck:/;
const ownClient = "Crosscheck";

const webhook = z.object({
  event: z.object({
    event_type: z.string(),
    client: z.object({ name: z.string().nullish() }).nullish(),
    data: z.object({ id: z.string().nullish(), incident_key: z.string().nullish() }).nullish(),
  }),
});

/** What says that an incident is open and nobody has it: each asks whether it is true. */
const firing = new Set([
  "incident.triggered",
  "incident.reopened",
  "incident.escalated",
  "incident.unacknowledged",
]);

/**
 * PagerDuty's webhooks, version 3 (https://developer.pagerduty.com/docs/webhooks-overview). They carry no details of the
 * event that triggered the incident, so there is no URL to read.
 */
export const pagerduty = defineSource({
  name: "pagerduty",
  settings: settings({
    type: z.literal("pagerduty"),
    name: name.describe("the last part of its URL: `/alerts/{name}`"),
    ...senderTokens,
    secrets: z
      .array(secret)
      .min(1)
      .optional()
      .describe("what the subscription signs with, instead of a token; two while it is being changed"),
  }),
  proof({ secrets }) {
    const keys = secrets?.map(({ reference }) => reference);
    if (keys === undefined) return undefined;
    return ({ headers, body }) => {
      const signatures = (headers.get(signatureHeader) ?? "").split(",");
      const shown = signatures.flatMap((text) => fromHex(text, "v1="));
      return admitSigned(isSigned({ parts: [body], shown, keys }), signatureHeader);
    };
  },
  read({ json }: Webhook) {
    const parsed = webhook.safeParse(json);
    if (!parsed.success) throw new Error("it has no event with an event_type");
    const { event } = parsed.data;
    const { data, client } = event;
    const dedupKey = data?.incident_key || data?.id || null;
    const isOwn = ownKey.test(dedupKey ?? "") || client?.name === ownClient;
    return [{ status: isOwn ? "own" : statusOf(event.event_type), dedupKey, targetUrl: null }];
  },
});

function statusOf(eventType: string): AlertStatus {
  if (firing.has(eventType)) return "firing";
  return eventType === "incident.resolved" ? "resolved" : "other";
}
