import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import type { IncomingMessage, ServerResponse } from "node:http";
import { suite, test } from "node:test";
import { pass } from "../../../test/fixtures/observations.ts";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { LocationError } from "../../model/errors.ts";
import { plannedFunctionCheck } from "../../model/function-check.ts";
import type { Observation } from "../../model/observation.ts";
import { Secret } from "../../model/secret.ts";
import { openFunction, type FunctionSettings } from "./function.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

function answering(status: number, body = "", headers: Record<string, string> = {}): Answer {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

const silent: Answer = () => {};

const event = '{"ServiceURL":{"Reachable":"false"}}';

async function ask(answer: Answer, settings: Partial<FunctionSettings> = {}, deadlineMs = 30_000) {
  await using server = await startFaultServer({ routes: { "/": answer } });
  await using location = openFunction({
    name: "eu-check",
    domain: "aws:eu-west-1",
    provider: "aws",
    region: "eu-west-1",
    method: "POST",
    url: new Secret(`${server.url}/`),
    headers: {},
    assertions: [],
    ...settings,
  });
  const check = { ...plannedFunctionCheck, event };
  const request = { ...probeRequestFor(server.url), check, deadlineMs };
  const seen = await location
    .ask(request, AbortSignal.timeout(deadlineMs))
    .catch((error: unknown) => (assert.ok(error instanceof LocationError, String(error)), error));
  return { seen, requests: server.requests };
}

function observed(seen: Observation | LocationError): Observation {
  assert.ok(!(seen instanceof LocationError), seen instanceof LocationError ? seen.message : "");
  return seen;
}

suite("a function of somebody's own", () => {
  test("2xx is a pass, with what it says", async () => {
    const { seen } = await ask(answering(200, "site is up!"));
    const { outcome, message, attempts, timings } = observed(seen);
    assert.deepEqual([outcome, message], ["pass", "the function says: site is up!"]);
    assert.equal(attempts.length, 1);
    assert.ok((timings.total ?? 0) > 0);
  });

  test("it is told the event, in Postee's way", async () => {
    const { requests } = await ask(answering(200), { headers: { "X-Key": [new Secret("k")] } });
    const [request] = requests;
    assert.equal(Buffer.from(String(request?.headers["postee-event"]), "base64").toString(), event);
    assert.equal(request?.headers["x-key"], "k");
  });

  test("its body is filled from the event", async () => {
    let body = "";
    const take: Answer = async (request, response) => {
      body = await text(request);
      response.end();
    };
    await ask(take, { bodyContent: "event.input.ServiceURL.Reachable" });
    assert.equal(body, "false");
  });

  test("502 is a fail of the target", async () => {
    const { seen } = await ask(answering(502, "Internal Server Error"));
    const { outcome, failureSource, errorClass } = observed(seen);
    assert.deepEqual([outcome, failureSource, errorClass], ["fail", "target", "http.function-error"]);
  });

  test("an observation of our protocol in the answer is that observation", async () => {
    const observation = pass("somewhere");
    const { seen } = await ask(answering(200, JSON.stringify({ version: 1, observation })));
    assert.deepEqual(observed(seen), observation);
  });

  for (const [status, errorClass, calls] of [
    [403, "location.unauthorized", 1],
    [404, "location.protocol", 1],
    [429, "location.throttled", 2],
    [503, "location.protocol", 2],
  ] as const)
    test(`${status} is no vote, after ${calls} ${calls === 1 ? "call" : "calls"}`, async () => {
      const { seen, requests } = await ask(answering(status));
      assert.ok(seen instanceof LocationError);
      assert.equal(seen.errorClass, errorClass);
      assert.equal(requests.length, calls);
    });

  test("throttled once, then a word", async () => {
    let calls = 0;
    const { seen } = await ask((_, response) => {
      calls += 1;
      response.writeHead(calls === 1 ? 429 : 200).end("up");
    });
    assert.equal(observed(seen).outcome, "pass");
  });

  test("its own timeout, and without one the deadline", async () => {
    const short = await ask(silent, { timeout: 50 });
    assert.ok(short.seen instanceof LocationError);
    assert.deepEqual(
      [short.seen.errorClass, short.seen.message],
      ["location.timeout", "no answer within 50 ms"],
    );
    const patient = await ask(silent, {}, 60);
    assert.ok(patient.seen instanceof LocationError);
    assert.equal(patient.seen.errorClass, "location.timeout");
  });

  test("nobody listens", async () => {
    const { seen } = await ask(answering(200), { url: new Secret("http://127.0.0.1:1/") });
    assert.ok(seen instanceof LocationError);
    assert.equal(seen.errorClass, "location.unreachable");
  });

  const unsendable: Readonly<Record<string, Partial<FunctionSettings>>> = {
    "a user name in the address": { url: new Secret("https://user:s3cret@127.0.0.1:1/") },
    "no address": { url: new Secret("s3cret") },
    "an address of another kind": { url: new Secret("file:///s3cret") },
    "a line break in a header": { headers: { "X-Key": new Secret("s3cret\nmore") } },
    "a header that is no text of HTTP": { headers: { "X-Key": new Secret("s3cret\u0100") } },
  };
  for (const [what, settings] of Object.entries(unsendable)) {
    test(`${what} is no vote, and no secret in the error`, async () => {
      const { seen, requests } = await ask(answering(200), settings);
      assert.ok(seen instanceof LocationError);
      assert.equal(seen.errorClass, "location.request");
      assert.doesNotMatch(`${seen.stack}${String(seen.cause)}`, /s3cret/);
      assert.deepEqual(requests, []);
    });
  }

  const assertions = [{ source: "body", comparison: "contains", target: "up" }] as const;
  test("assertions narrow what a 2xx means", async () => {
    const good = observed((await ask(answering(200, "it is up"), { assertions })).seen);
    const bad = observed((await ask(answering(200, "it is down"), { assertions })).seen);
    assert.deepEqual([good.outcome, bad.outcome, bad.errorClass], ["pass", "fail", "content.assertion"]);
    assert.deepEqual(
      bad.assertions.map(({ passed }) => passed),
      [false],
    );
  });

  test("slower than asked is degraded", async () => {
    const quick = [{ source: "response-time", comparison: "less-than", target: 0, degraded: true }] as const;
    const { seen } = await ask(answering(200, "up"), { assertions: quick });
    assert.equal(observed(seen).outcome, "degraded");
  });

  test("a check of another type is refused", async () => {
    await using location = openFunction({
      name: "f",
      domain: "f",
      provider: null,
      region: null,
      method: "POST",
      url: new Secret("http://127.0.0.1:1/"),
      headers: {},
      assertions: [],
    });
    const asking = location.ask(probeRequestFor("http://127.0.0.1:1/"), AbortSignal.timeout(30_000));
    await assert.rejects(asking, { errorClass: "location.request" });
  });
});
