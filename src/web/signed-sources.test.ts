import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Hono } from "hono";
import {
  certificateUrl,
  confirmation,
  makeSnsSigner,
  notification,
  subscribeUrl,
  topic,
  type SnsSigner,
} from "../ingest/sns.fixture.ts";
import type { Alert } from "../model/alert.ts";
import { createReceiver } from "../steps/receive.ts";
import { unroutedAlerts } from "../store/alerts.ts";
import { freshSqlite } from "../../test/fixtures/databases.ts";
import { startSteps, type Steps } from "../../test/fixtures/steps.ts";
import { ingestRoutes } from "./api/ingest.ts";

const config = {
  routes: [{ name: "page", actions: ["told"] }],
  actions: [{ name: "told", type: "stdout" }],
  trouble: ["told"],
  unrouted: ["told"],
  sources: [
    { name: "pd", type: "pagerduty", secrets: ["one", "two"] },
    { name: "pd-and-token", type: "pagerduty", secrets: ["one"], token: "let-me-in" },
    { name: "pd-by-token", type: "pagerduty" },
    { name: "aws", type: "sns", topics: [topic] },
  ],
  server: { "ingest-tokens": ["common"], "max-body": "1 KB" },
};

suite("who may post to a source that signs", () => {
  const parts = new AsyncDisposableStack();
  const asked: string[] = [];
  let signer: SnsSigner;
  let confirms = true;
  let steps: Steps;
  let app: Hono;

  before(async () => {
    signer = await makeSnsSigner();
    const fresh = parts.use(await freshSqlite());
    const database = parts.use(await fresh.open());
    steps = parts.use(await startSteps({ config, database }));
    const site = {
      context: steps.context,
      version: "",
      receive: createReceiver(steps.context),
      canSpool: () => false,
      reload: () => Promise.resolve({ ok: false as const, faults: [] }),
      stopping: new AbortController().signal,
    };
    app = ingestRoutes(site, (url) => {
      asked.push(url.href);
      if (url.href === certificateUrl) return Promise.resolve(signer.certificate);
      return confirms ? Promise.resolve("ok") : Promise.reject(new Error("not now"));
    });
  });
  after(() => parts.disposeAsync());

  const event = JSON.stringify({
    event: { event_type: "incident.triggered", data: { id: "P1", incident_key: "key" } },
  });
  const sign = (secret: string, body = event) =>
    `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    app.request(path, { method: "POST", body, headers });
  const sns = (message: object) =>
    post("/alerts/aws", JSON.stringify(message), { "content-type": "text/plain" });
  const pd = (signature: string, body = event) =>
    post("/alerts/pd", body, { "x-pagerduty-signature": signature });
  const storedAlert = async (response: Response): Promise<Alert | undefined> => {
    const { id } = (await response.json()) as { id: string };
    return (await unroutedAlerts(steps.context.database, 1000)).find((alert) => alert.id === id);
  };
  const refusals = async () => {
    const { values } = await steps.context.metrics.refused.get();
    return values.find(({ labels }) => labels["reason"] === "signature")?.value ?? 0;
  };

  test("a signature lets in without a token", async () => {
    const response = await pd(sign("two"));
    assert.equal(response.status, 202);
    const alert = await storedAlert(response);
    assert.equal(alert?.source, "pd");
    assert.equal(alert.dedupKey, "key");
    assert.equal(Buffer.from(alert.body).toString(), event);
  });

  test("a wrong one is 401 as a problem, counted, and told to trouble by the third", async () => {
    const before = await refusals();
    for (let tries = 1; tries <= 3; tries += 1) {
      const response = await pd(sign("three"));
      assert.equal(response.status, 401);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.match(await response.text(), /X-PagerDuty-Signature holds no signature/);
    }
    assert.equal(await refusals(), before + 3);
    assert.match(steps.complaints.at(-1) ?? "", /refused-ingest.*"what":"pd".*webhooks were turned away/);
  });

  test("a token does not stand in for a signature, nor a signature for a token that is set beside it", async () => {
    assert.equal((await post("/alerts/pd?token=common", event)).status, 401);
    const signed = { "x-pagerduty-signature": sign("one") };
    assert.equal((await post("/alerts/pd-and-token", event, signed)).status, 401);
    assert.equal((await post("/alerts/pd-and-token?token=let-me-in", event)).status, 401);
    assert.equal((await post("/alerts/pd-and-token?token=let-me-in", event, signed)).status, 202);
  });

  test("without secrets the common tokens count", async () => {
    assert.equal(
      (await post("/alerts/pd-by-token", event, { "x-pagerduty-signature": sign("one") })).status,
      401,
    );
    assert.equal((await post("/alerts/pd-by-token?token=common", event)).status, 202);
  });

  test("bytes are judged as they came, whatever they are", async () => {
    for (const body of ["not JSON", " ", "\u0000", '{"event": {}}']) {
      const response = await pd(sign("one", body), body);
      assert.equal(response.status, 202);
      assert.notEqual((await storedAlert(response))?.fault, null);
    }
  });

  test("a signed body over max-body is kept cut, as others are", async () => {
    const body = JSON.stringify({
      event: { event_type: "incident.triggered", data: { x: "x".repeat(2000) } },
    });
    const response = await pd(sign("one", body), body);
    assert.equal(response.status, 202);
    const alert = await storedAlert(response);
    assert.match(alert?.fault ?? "", /larger than 1024 bytes/);
    assert.equal(alert?.body.length, 1024);
    assert.equal((await pd(sign("two", `${body} `), body)).status, 401);
  });

  test("one that is too large to be judged is 413", async () => {
    const body = "x".repeat(4 * 1024 * 1024 + 1);
    assert.equal((await pd(sign("one", body), body)).status, 413);
  });

  suite("SNS", () => {
    test("a subscription is confirmed, and recorded as nothing that starts anything", async () => {
      const response = await sns(signer.sign(confirmation()));
      assert.equal(response.status, 202);
      assert.equal((await storedAlert(response))?.status, "other");
      assert.deepEqual(asked, [certificateUrl, subscribeUrl]);
    });

    test("an alarm is stored as the alarm alone", async () => {
      const Message = '{"NewStateValue":"ALARM","AlarmArn":"arn:alarm"}';
      const alert = await storedAlert(await sns(signer.sign(notification({ Message }))));
      assert.equal(alert?.status, "firing");
      assert.equal(alert.dedupKey, "arn:alarm");
      assert.equal(Buffer.from(alert.body).toString(), Message);
    });

    test("a forged one is 403, and one that cannot be confirmed now 503", async () => {
      const forged = await sns({ ...signer.sign(notification()), Message: "all is well" });
      assert.equal(forged.status, 403);
      confirms = false;
      assert.equal((await sns(signer.sign(confirmation()))).status, 503);
    });
  });

  test("a secret that is gone when it is first needed lets nobody in, and is told", async () => {
    await using folder = await freshFolder();
    const path = join(folder.path, "secret");
    await writeFile(path, "one");
    await steps.reload({
      ...config,
      sources: [{ name: "pd", type: "pagerduty", secrets: [`file:${path}`] }],
    });
    await rm(path);
    assert.equal((await pd(sign("one"))).status, 401);
    assert.equal((await pd(sign(""))).status, 401);
    assert.ok(steps.complaints.some((text) => text.startsWith("token-not-read")));
  });
});

async function freshFolder() {
  const path = await mkdtemp(join(tmpdir(), "crosscheck-secret-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
