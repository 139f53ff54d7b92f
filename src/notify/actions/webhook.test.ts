import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { DeliveryError } from "../../model/errors.ts";
import { Secret } from "../../model/secret.ts";
import { composeMessage } from "../message.ts";
import { answering, endless, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering, Received } from "../receiver.fixture.ts";
import { regional, scenes } from "../scenes.fixture.ts";
import { webhook } from "./webhook.ts";

const message = composeMessage(regional);
const secret = `whsec_${Buffer.alloc(32, "key").toString("base64")}`;

async function post(keys: object, answer: Answering, signal: AbortSignal): Promise<Received> {
  await using receiver = await startReceiver(answer);
  const settings = webhook.settings.parse({ type: "webhook", name: "hook", url: receiver.url, ...keys });
  await webhook.send(message, settings, { signal, thread: null });
  const [got] = receiver.received;
  assert.ok(got !== undefined);
  return got;
}

test("the body is as in testdata/webhook-regional.json", async (t) => {
  const { body } = await post({}, answering(200), t.signal);
  const file = fileURLToPath(new URL("../testdata/webhook-regional.json", import.meta.url));
  t.assert.fileSnapshot(JSON.parse(body), file);
});

test("every event can be told", async (t) => {
  await using receiver = await startReceiver(answering(204));
  const settings = webhook.settings.parse({ type: "webhook", name: "hook", url: receiver.url });
  for (const scene of Object.values(scenes))
    await webhook.send(composeMessage(scene), settings, { signal: t.signal, thread: null });
  const types = receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  assert.deepEqual(
    types,
    Object.values(scenes).map(({ delivery }) => `crosscheck.${delivery.event}`),
  );
});

test("headers are sent, ours come last", async (t) => {
  const headers = { Authorization: "Bearer token", "Idempotency-Key": "mine" };
  const { headers: got } = await post({ headers }, answering(200), t.signal);
  assert.equal(got.authorization, "Bearer token");
  assert.equal(got["idempotency-key"], message.id);
  assert.equal(got["webhook-id"], undefined);
});

test("a signed request is verified by Standard Webhooks' own library", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: message.sentAt });
  const { headers, body } = await post({ secret }, answering(200), t.signal);
  assert.equal(headers["webhook-id"], message.id);
  const oracle = new Webhook(secret);
  assert.deepEqual(oracle.verify(body, headers as Record<string, string>), JSON.parse(body));
  assert.throws(() => oracle.verify(`${body} `, headers as Record<string, string>));
});

test("a secret that turns out to be none is permanent", async (t) => {
  const settings = webhook.settings.parse({
    type: "webhook",
    name: "hook",
    url: "https://x.example",
    secret: "$KEY",
  });
  const revealed = { ...settings, secret: new Secret("hush") };
  await assert.rejects(webhook.send(message, revealed, { signal: t.signal, thread: null }), {
    message: "a signing secret is whsec_ and the base64 of 24 to 64 bytes",
    permanent: true,
  });
});

test("2xx is success, whatever comes with it", async (t) => {
  for (const answer of [answering(200, "ok"), answering(202), answering(204), answering(299, "no"), endless])
    await post({}, answer, t.signal);
});

test("anything else is a failure", async (t) => {
  const cases: readonly [what: string, answer: Answering, permanent: boolean, retryAfterMs?: number][] = [
    ["a redirect", answering(302, "", { location: "/" }), false],
    ["moved for good", answering(308, "", { location: "/" }), true],
    ["bad request", answering(400), true],
    ["unauthorized", answering(401), true],
    ["time-out", answering(408), false],
    ["gone", answering(410), true],
    ["too early", answering(425), false],
    ["too many", answering(429, "", { "retry-after": "7" }), false, 7000],
    [
      "too many until a past date",
      answering(429, "", { "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" }),
      false,
      0,
    ],
    ["broken", answering(500), false],
    ["away", answering(503, "", { "retry-after": "120" }), false, 120_000],
    ["reset", resetting, false],
  ];
  for (const [what, answer, permanent, retryAfterMs] of cases)
    await assert.rejects(post({}, answer, t.signal), (error) => {
      assert.ok(error instanceof DeliveryError, what);
      assert.equal(error.permanent, permanent, what);
      assert.equal(error.retryAfterMs, retryAfterMs, what);
      return true;
    });
});
