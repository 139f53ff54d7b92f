import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { until } from "../../test/fixtures/until.ts";
import { DeadlineError, DeliveryError, describeError } from "../model/errors.ts";
import { Secret } from "../model/secret.ts";
import { parseRetryAfter, postJson, refusal } from "./post.ts";
import type { Answer, PostRequest } from "./post.ts";
import {
  answering,
  breakingOff,
  echoing,
  endless,
  hanging,
  resetting,
  startReceiver,
} from "./receiver.fixture.ts";
import type { Answering } from "./receiver.fixture.ts";
import { receiverUrl, secretUrl } from "./receiver-url.ts";

const key = "T0000/B0000/k3yk3yk3yk3y";

function request(base: string, fields: Partial<PostRequest> = {}): PostRequest {
  return { url: new Secret(`${base}/services/${key}`), body: "{}", timeoutMs: 10_000, ...fields };
}

async function ask(
  answer: Answering,
  signal: AbortSignal,
  fields: Partial<PostRequest> = {},
): Promise<Answer> {
  await using receiver = await startReceiver(answer);
  return await postJson(request(receiver.url, fields), signal);
}

async function failureOf(work: Promise<unknown>): Promise<DeliveryError> {
  return await work.then(
    () => assert.fail("it was taken"),
    (error: unknown) => (assert.ok(error instanceof DeliveryError), error),
  );
}

test("the answer comes with status, wait and the beginning of its text", async (t) => {
  const answer = await ask(answering(429, "slow\ndown", { "retry-after": "30" }), t.signal);
  assert.deepEqual(answer, {
    status: 429,
    retryAfterMs: 30_000,
    text: "slow down",
    body: "slow\ndown",
  });
});

test("what is sent is JSON, with the caller's headers", async (t) => {
  await using receiver = await startReceiver(answering(200));
  const headers = { authorization: "Bearer token", "content-type": "text/plain" };
  await postJson(request(receiver.url, { headers, body: '{"a":1}' }), t.signal);
  const [got] = receiver.received;
  assert.equal(got?.body, '{"a":1}');
  assert.equal(got?.path, `/services/${key}`);
  assert.equal(got?.headers.authorization, "Bearer token");
  assert.equal(got?.headers["content-type"], "application/json; charset=utf-8");
});

const quoting: Answering = (response, { path, body }) => response.writeHead(400).end(`${path} ${body}`);

test("what is secret in the body is not quoted, and an address that is text is", async (t) => {
  await using receiver = await startReceiver(quoting);
  const url = `${receiver.url}/v2/enqueue`;
  const { text } = await postJson(
    request("", { url, body: '{"key":"hush-hush"}', secrets: ["hush-hush"] }),
    t.signal,
  );
  assert.equal(text, '/v2/enqueue {"key":"[secret]"}');
});

test("of a huge answer only the beginning is read", async (t) => {
  assert.equal((await ask(endless, t.signal)).text.length, 200);
});

test("an answer counts though its body breaks off", async (t) => {
  assert.equal((await ask(breakingOff, t.signal)).status, 202);
});

test("a redirect is an answer, not a way to go", async (t) => {
  await using elsewhere = await startReceiver(answering(200, "ok"));
  const answer = await ask(answering(302, "", { location: elsewhere.url }), t.signal);
  assert.equal(answer.status, 302);
  assert.equal(elsewhere.received.length, 0);
});

test("no answer is a passing failure with its cause", async (t) => {
  const reset = await failureOf(ask(resetting, t.signal));
  assert.equal(reset.permanent, false);
  assert.equal(describeError(reset), "the request failed: socket hang up");

  const hung = await failureOf(ask(hanging, t.signal, { timeoutMs: 20 }));
  assert.equal(hung.permanent, false);
  assert.ok(hung.cause instanceof DeadlineError);

  const stopped = await failureOf(ask(hanging, AbortSignal.abort(new Error("shutting down"))));
  assert.equal(describeError(stopped), "the request failed: shutting down");
});

test("a connection is used again, and one that was closed while it was idle is no failure", async (t) => {
  const ports = new Set<number | undefined>();
  await using receiver = await startReceiver((response) => {
    ports.add(response.socket?.remotePort);
    response.end();
  });
  for (let time = 0; time < 3; time += 1) await postJson(request(receiver.url), t.signal);
  assert.equal(ports.size, 1);

  let requests = 0;
  await using hasty = await startReceiver((response) => {
    requests += 1;
    // The second comes over the connection of the first, and finds it closed.
    if (requests === 2) response.destroy();
    else response.end();
  });
  for (let time = 0; time < 2; time += 1)
    assert.equal((await postJson(request(hasty.url), t.signal)).status, 200);
  assert.equal(requests, 3);
});

test("a request that costs its receiver the connection goes again once, over a new one", async (t) => {
  const waiting: ServerResponse[] = [];
  let doomed = 0;
  await using receiver = await startReceiver((response, { body }) => {
    if (body === "{}") return waiting.push(response);
    doomed += 1;
    return response.destroy();
  });
  const idle = Array.from({ length: 5 }, () => postJson(request(receiver.url), t.signal));
  await until("five connections", () => waiting.length === idle.length);
  for (const response of waiting) response.end();
  await Promise.all(idle);

  const failure = await failureOf(postJson(request(receiver.url, { body: '{"doomed":1}' }), t.signal));
  assert.equal(describeError(failure), "the request failed: socket hang up");
  assert.equal(doomed, 2);
});

test("what later is no better for is permanent", () => {
  const cases: readonly [status: number, permanent: boolean][] = [
    [200, false],
    [301, true],
    [302, false],
    [307, false],
    [308, true],
    [400, true],
    [401, true],
    [403, true],
    [404, true],
    [408, false],
    [410, true],
    [413, true],
    [425, false],
    [429, false],
    [500, false],
    [502, false],
    [503, false],
    [504, false],
  ];
  for (const [status, permanent] of cases)
    assert.equal(refusal({ status, text: "", retryAfterMs: undefined }).permanent, permanent, String(status));
});

test("a refusal says what was answered", () => {
  const cases: readonly [answer: Omit<Answer, "retryAfterMs" | "body">, message: string][] = [
    [{ status: 404, text: "no_service" }, "answered 404: no_service"],
    [{ status: 500, text: "" }, "answered 500"],
    [{ status: 302, text: "" }, "answered 302, a redirect, which is not followed"],
    [{ status: 200, text: "<html>" }, "answered 200, but not as one that has taken the message: <html>"],
  ];
  for (const [answer, message] of cases)
    assert.equal(refusal({ ...answer, retryAfterMs: undefined }).message, message);
});

test("Retry-After is seconds or an HTTP date", () => {
  const now = Date.UTC(2026, 10, 22, 3, 2, 11);
  const cases: readonly [header: string | null, ms: number | undefined][] = [
    [null, undefined],
    ["30", 30_000],
    [" 0 ", 0],
    ["0.25", 250],
    ["Sun, 22 Nov 2026 03:02:41 GMT", 30_000],
    ["Sunday, 22-Nov-26 03:02:41 GMT", 30_000],
    ["Sun, 22 Nov 2026 03:00:00 GMT", 0],
    ["-5", undefined],
    ["soon", undefined],
    ["", undefined],
  ];
  for (const [header, ms] of cases) assert.equal(parseRetryAfter(header, now), ms, String(header));
});

test("no failure shows the address or a header", async (t) => {
  const secrets = ["k3yk3yk3yk3y", "s3cr3ts3cr3t", "t0kent0ken", "passw0rd"];
  const headers = { authorization: "Bearer s3cr3ts3cr3t" };
  await using receiver = await startReceiver(echoing);
  const url = new Secret(`${receiver.url}/services/${key}?sig=t0kent0ken`);
  const echoed = await postJson(request("", { url, headers }), t.signal);
  const gone = "http://127.0.0.1:1";
  const failures = await Promise.all([
    failureOf(postJson(request(gone, { headers }), t.signal)),
    failureOf(postJson(request(gone, { headers }), AbortSignal.abort())),
    failureOf(postJson(request(gone, { headers: { authorization: "s3cr3ts3cr3t\n\u2028" } }), t.signal)),
    failureOf(postJson(request("", { url: new Secret(`ftp://x/${key}`) }), t.signal)),
    failureOf(postJson(request("", { url: new Secret(`http://me:passw0rd@x/${key}`) }), t.signal)),
  ]);
  assert.match(echoed.text, /^Cannot POST \[secret\] with .*"authorization":"\[secret\]"/);
  for (const failure of [refusal(echoed), ...failures])
    for (const secret of secrets)
      assert.ok(!`${describeError(failure)} ${failure.stack}`.includes(secret), describeError(failure));
});

test("an address is looked at when it is written, a reference when it is used", () => {
  const cases: readonly [text: string, valid: boolean][] = [
    ["https://hooks.slack.com/services/T/B/k", true],
    ["http://127.0.0.1:8080/", true],
    ["$SLACK_URL", true],
    ["file:/run/secrets/slack", true],
    ["hooks.slack.com/services", false],
    ["ftp://example.com/", false],
    ["https://me:password@example.com/", false],
  ];
  for (const [text, valid] of cases) assert.equal(secretUrl.safeParse(text).success, valid, text);
  assert.equal(receiverUrl("$SLACK_URL"), null);
});
