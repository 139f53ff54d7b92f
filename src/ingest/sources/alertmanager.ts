import * as z from "zod";
import type { AlertStatus } from "../../model/alert.ts";
import type { Secret } from "../../model/secret.ts";
import { name, secret, settings } from "../../model/settings.ts";
import { headerName } from "../header-name.ts";
import { senderTokens } from "../sender-tokens.ts";
import { admitSigned, admitTimed, fromHex, isSigned, tolerance } from "../signature.ts";
import { defineSource } from "../source-type.ts";
import type { Proof, ReadAlert, Webhook } from "../source-type.ts";
import { targetUrl } from "../target-url.ts";

/** Where the URL of what an alert is about is looked for, in labels and then in annotations. */
const urlLabels = ["url", "target", "instance"];

/** Each alert is stored with the envelope: what one webhook may come to. */
const maxAlerts = 2000;
const maxStoredBytes = 16 * 1024 * 1024;

const texts = z.record(z.string(), z.unknown()).nullish();
const member = z.looseObject({
  status: z.string(),
  labels: texts,
  annotations: texts,
  fingerprint: z.string().nullish(),
});
const webhook = z.looseObject({
  status: z.unknown().optional(),
  alerts: z.array(member),
  groupKey: z.string().nullish(),
  truncatedAlerts: z.number().nullish(),
});
type Member = z.output<typeof member>;
type Group = z.output<typeof webhook>;

/**
 * Alertmanager's webhook, version 4 (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), and
 * Grafana's, which has the same fields and some more. One alert each of `alerts[]`.
 */
export const alertmanager = defineSource({
  name: "alertmanager",
  settings: settings({
    type: z.literal("alertmanager"),
    name: name.describe("the last part of its URL: `/alerts/{name}`"),
    ...senderTokens,
    secrets: z
      .array(secret)
      .min(1)
      .optional()
      .describe("Grafana: what it signs with, instead of a token; two while it is being changed"),
    "signature-header": headerName
      .prefault("X-Grafana-Alerting-Signature")
      .describe("Grafana: the header of the signature"),
    "timestamp-header": headerName
      .optional()
      .describe("Grafana: the header of the time that is signed too, when one is set there"),
    tolerance,
    "url-label": z
      .string()
      .min(1)
      .optional()
      .describe(
        "the label or annotation that holds the URL an alert is about; default: the first of `url`, `target`, `instance` that holds one",
      ),
    key: z
      .enum(["groupKey", "fingerprint"])
      .prefault("groupKey")
      .describe("what an alert without a URL is known by: its group, or itself"),
  }),
  proof: ({ secrets, signatureHeader, timestampHeader, tolerance: toleranceMs }) =>
    secrets && grafanaProof(secrets, { signatureHeader, timestampHeader, toleranceMs }),
  read: ({ json }: Webhook, { key, urlLabel }) => readGroup(json, { key, urlLabel }),
});

/** Hex HMAC-SHA256 of the body, or of `<seconds>:<body>`, as Grafana's contact points sign since 12.0. */
function grafanaProof(
  secrets: readonly Secret[],
  {
    signatureHeader,
    timestampHeader,
    toleranceMs,
  }: { signatureHeader: string; timestampHeader: string | undefined; toleranceMs: number },
): Proof {
  const keys = secrets.map(({ reference }) => reference);
  return ({ headers, body }, { now }) => {
    const shown = fromHex(headers.get(signatureHeader) ?? "");
    if (timestampHeader === undefined)
      return admitSigned(isSigned({ parts: [body], shown, keys }), signatureHeader);
    const written = headers.get(timestampHeader) ?? "";
    const signed = isSigned({ parts: [`${written}:`, body], shown, keys });
    return admitTimed(signed, { written, now, toleranceMs }, signatureHeader);
  };
}

interface Reading {
  readonly key: "groupKey" | "fingerprint";
  readonly urlLabel: string | undefined;
}

interface Placed {
  readonly member: Member;
  readonly resolved: boolean;
  readonly dedupKey: string | null;
  readonly targetUrl: string | null;
}

function readGroup(json: unknown, reading: Reading): ReadAlert[] {
  const { alerts } = (json ?? {}) as { readonly alerts?: unknown };
  // Before each of them is looked at, which is what takes long.
  if (Array.isArray(alerts) && alerts.length > maxAlerts) throw tooMany(alerts.length);
  const parsed = webhook.safeParse(json);
  if (!parsed.success) throw new Error("it has no list of alerts, each with a status");
  const group = parsed.data;
  // Nothing would be stored, and a 202 would stand for nothing.
  if (group.alerts.length === 0) throw new Error("its list of alerts is empty");
  const placed = group.alerts.map((member) => place(member, group, reading));
  const { alerts: _, ...envelope } = group;
  const bytes = Buffer.byteLength(JSON.stringify(envelope)) * placed.length;
  if (bytes > maxStoredBytes) throw tooMany(placed.length);
  const firing = new Set(placed.filter(({ resolved }) => !resolved).map(subjectOf));
  return placed.map((one) => {
    const { dedupKey, targetUrl, member } = one;
    const own = { status: member.status, groupStatus: group.status, alerts: [member] };
    const body = Buffer.from(JSON.stringify({ ...envelope, ...own }));
    return { status: statusOf(one, group, firing), dedupKey, targetUrl, body };
  });
}

function tooMany(alerts: number): Error {
  return new Error(`it carries ${alerts} alerts in one group: set max_alerts, or group by more labels`);
}

function place(member: Member, { groupKey }: Group, { key, urlLabel }: Reading): Placed {
  const names = urlLabel === undefined ? urlLabels : [urlLabel];
  const values = names.flatMap((label) => [member.labels?.[label], member.annotations?.[label]]);
  const keys = key === "groupKey" ? [groupKey, member.fingerprint] : [member.fingerprint, groupKey];
  return {
    member,
    resolved: member.status === "resolved",
    dedupKey: keys.find((one) => typeof one === "string" && one !== "") ?? null,
    targetUrl: values.map(targetUrl).find((url) => url !== null) ?? null,
  };
}

function subjectOf({ targetUrl, dedupKey }: Placed): string | null {
  return targetUrl ?? dedupKey;
}

/**
 * Members of a group that have no URL of their own are about the same thing, the group, and so are those with one URL. It is
 * over when the last of them is resolved: one that is resolved while another still fires is only recorded. What the
 * sender has left out (`truncatedAlerts`) may still fire.
 */
function statusOf(one: Placed, group: Group, firing: ReadonlySet<string | null>): AlertStatus {
  if (isGrafanaTest(group)) return "other";
  if (!one.resolved) return "firing";
  const alone = one.targetUrl === null && one.dedupKey === one.member.fingerprint;
  if (alone) return "resolved";
  const others = firing.has(subjectOf(one)) || (group.truncatedAlerts ?? 0) > 0;
  return others ? "other" : "resolved";
}

/**
 * The test of a contact point makes up a key, `<name>-<fingerprint>-<seconds>`, with the fingerprint of an alert in it. A key
 * that only looks like it is somebody's own: what fires under it is no test.
 */
function isGrafanaTest({ groupKey, alerts }: Group): boolean {
  const [, made] = /-([0-9a-f]{16})-\d{10}$/.exec(groupKey ?? "") ?? [];
  return made !== undefined && alerts.some(({ fingerprint }) => fingerprint === made);
}
