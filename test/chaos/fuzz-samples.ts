import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

/** Whom to show what: the texts of the configuration that `fuzz.ts` writes. */
export const fuzzSecrets = {
  ingest: "ingest-token-of-the-fuzz",
  read: "read-token-of-the-fuzz",
  api: "api-token-of-the-fuzz",
  agent: "agent-token-of-the-fuzz",
  /** base64, as Standard Webhooks wants it. */
  signing: "Y3Jvc3NjaGVjay1jaGFvcy1zaWduaW5nLXNlY3JldA==",
} as const;

const testdata = (name: string) =>
  readFileSync(new URL(`../../src/ingest/testdata/${name}.json`, import.meta.url), "utf8");

const alertmanager = testdata("alertmanager-group");
const grafana = testdata("grafana-group");
const plain = [
  '{"ServiceURL": {"URL": "http://127.0.0.1:1/shop", "Reachable": "false"}}',
  '{"number": 7, "status": "firing", "labels": {"service": "shop"}}',
  '{"status": "resolved", "labels": {"service": "shop"}}',
];
const kuma =
  '{"heartbeat": {"status": 0, "msg": "timeout"}, "monitor": {"id": 3, "name": "shop", "url": "http://127.0.0.1:1/"}}';
const pagerduty = JSON.stringify({
  event: {
    id: "01CHAOS",
    event_type: "incident.triggered",
    resource_type: "incident",
    occurred_at: "2026-11-22T03:02:11.000Z",
    data: {
      id: "PGR0VU2",
      type: "incident",
      status: "triggered",
      incident_key: "of-somebody",
      title: "the shop is down",
      service: { id: "PF9KMXH", summary: "shop", type: "service_reference" },
    },
  },
});
const sns = JSON.stringify({
  Type: "Notification",
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: "arn:aws:sns:eu-west-1:123456789012:alarms",
  Message: JSON.stringify({ AlarmName: "latency", NewStateValue: "ALARM", Region: "EU (Ireland)" }),
  Timestamp: "2026-11-22T03:02:11.000Z",
  SignatureVersion: "2",
  Signature: "c2lnbmVk",
  SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
  UnsubscribeURL: "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
});

export type Headers = Record<string, string>;

interface Sender {
  readonly path: string;
  readonly samples: readonly string[];
  /** What a call of this body is let in by. */
  readonly proof: (body: Uint8Array) => Headers;
}

export const bearer = (token: string) => () => ({ authorization: `Bearer ${token}` });
const hmac = (
  body: Uint8Array | string,
  encoding: "hex" | "base64" = "hex",
  key: string | Buffer = fuzzSecrets.signing,
) => createHmac("sha256", key).update(body).digest(encoding);

export const senders: readonly Sender[] = [
  { path: "/", samples: plain, proof: bearer(fuzzSecrets.ingest) },
  { path: "/scan", samples: plain, proof: bearer(fuzzSecrets.ingest) },
  { path: "/tenant/kept", samples: plain, proof: bearer(fuzzSecrets.ingest) },
  { path: "/tenant/no-such-route", samples: plain, proof: bearer(fuzzSecrets.ingest) },
  { path: "/alerts/alertmanager", samples: [alertmanager, grafana], proof: bearer(fuzzSecrets.ingest) },
  {
    path: "/alerts/grafana",
    samples: [grafana],
    proof: (body) => ({ "x-grafana-alerting-signature": hmac(body) }),
  },
  { path: "/alerts/kuma", samples: [kuma], proof: bearer(fuzzSecrets.ingest) },
  {
    path: "/alerts/deploys",
    samples: plain,
    proof: (body) => ({ "x-hub-signature-256": `sha256=${hmac(body)}` }),
  },
  { path: "/alerts/hooks", samples: plain, proof: standardWebhooks },
  {
    path: "/alerts/pagerduty",
    samples: [pagerduty],
    proof: (body) => ({ "x-pagerduty-signature": `v1=${hmac(body)}` }),
  },
  { path: "/alerts/aws", samples: [sns], proof: () => ({ "x-amz-sns-message-type": "Notification" }) },
  { path: "/alerts/nobody", samples: plain, proof: bearer(fuzzSecrets.ingest) },
];

function standardWebhooks(body: Uint8Array): Headers {
  const id = "msg_chaos";
  const time = String(Math.floor(Date.now() / 1000));
  const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
  const key = Buffer.from(fuzzSecrets.signing, "base64");
  const signature = createHmac("sha256", key).update(signed).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
}

export const someId = "019abc00-0000-7000-8000-000000000001";
export const reads = [
  "/api/v1/incidents",
  "/api/v1/incidents?limit=3&outcome=confirmed&route=kept",
  `/api/v1/incidents/${someId}`,
  `/api/v1/alerts/${someId}`,
  "/api/v1/deliveries?state=dead&limit=2",
  "/api/v1/mutes",
  "/api/v1/audit?limit=2",
  "/api/v1/replicas",
  "/api/v1/report?since=1h",
  "/healthz",
  "/readyz",
  "/ping",
  "/reload?key=guessed",
];
/** What costs much, asked for seldom. */
export const costly = ["/metrics", "/events"];
export const writes: readonly [path: string, body: string][] = [
  ["/api/v1/mutes", '{"route": "kept", "subject": "nothing", "for": "1s", "reason": "fuzz"}'],
  [`/api/v1/incidents/${someId}/recheck`, ""],
  [`/api/v1/incidents/${someId}/mark`, '{"mark": "real"}'],
  [`/api/v1/deliveries/${someId}/retry`, ""],
];
export const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const probe = (check: object) =>
  JSON.stringify({
    version: 1,
    check,
    samples: { count: 1, intervalMs: 1 },
    controls: [],
    deadlineMs: 500,
    target: { from: "alert", allowPrivate: ["127.0.0.0/8"] },
  });
const local = { host: "127.0.0.1", port: 1 };
export const probes = [
  probe({
    name: "page",
    type: "http",
    url: "http://127.0.0.1:1/",
    timeout: "200ms",
    assertions: [{ source: "status-code", comparison: "equals", target: 200 }],
  }),
  probe({ name: "port", type: "tcp", ...local, timeout: "200ms", send: "hello" }),
  probe({ name: "certificate", type: "tls", ...local, timeout: "200ms" }),
  probe({ name: "name", type: "dns", query: "shop.test", resolver: "127.0.0.1:1", timeout: "200ms" }),
  probe({ name: "health", type: "grpc", ...local, tls: false, timeout: "200ms" }),
  probe({ name: "socket", type: "websocket", url: "ws://127.0.0.1:1/", timeout: "200ms" }),
];
