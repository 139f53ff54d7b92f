import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Hono } from "hono";
import { newId } from "../../src/model/id.ts";
import { createReceiver } from "../../src/steps/receive.ts";
import { ingestRoutes } from "../../src/web/api/ingest.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { startSteps, type Steps } from "../fixtures/steps.ts";

const token = "token-of-the-enemy-in-tests";
const secretHeader = "bearer-of-the-receiver-in-tests";

suite("alerts written by an enemy", () => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let steps: Steps;
  let app: Hono;

  before(async () => {
    receiver = parts.use(await startReceiver());
    const database = parts.use(await parts.use(await freshSqlite()).open());
    steps = parts.use(await startSteps({ database, config: config() }));
    app = ingestRoutes({
      context: steps.context,
      version: "",
      receive: createReceiver(steps.context),
      canSpool: () => false,
      reload: () => Promise.resolve({ ok: false as const, faults: [] }),
      stopping: new AbortController().signal,
    });
  });
  after(() => parts.disposeAsync());

  const config = () => ({
    controls: [],
    resolvers: [],
    sources: [
      { name: "am", type: "alertmanager" },
      { name: "pd", type: "pagerduty" },
      { name: "any", type: "generic", "dedup-key": "input.key", url: "input.url", status: "input.status" },
    ],
    routes: [
      {
        name: "templated",
        template: "words",
        actions: ["listener"],
        subject: "input.subject",
        plugins: { "unique-message-props": ["__proto__.polluted", "constructor.name", "mark"] },
      },
    ],
    templates: [
      {
        name: "words",
        body: 'package x\ntitle := sprintf("%v", [object.get(input, "mark", "none")])\nresult := json.marshal(object.union(input, {"more": input.__proto__}))',
      },
    ],
    actions: [
      {
        name: "listener",
        type: "webhook",
        url: `${receiver.url}/listener`,
        headers: { authorization: secretHeader },
      },
    ],
    server: { "ingest-tokens": [token] },
    unrouted: ["listener"],
    trouble: ["listener"],
  });

  const post = (path: string, body: string) =>
    app.request(`${path}?token=${token}`, { method: "POST", body });

  /** Posts it, and waits until the receiver has heard of it. */
  const tell = async (path: string, body: string, mark: string): Promise<string> => {
    const response = await post(path, body);
    assert.equal(response.status, 202, path);
    const [notice] = await steps.workUntil(() => receiver.hears("/listener", mark));
    return notice?.body ?? "";
  };

  const poison = `"__proto__": {"polluted": "yes", "toString": 1}, "constructor": {"prototype": {"polluted": "yes"}}, "prototype": {"polluted": "yes"}`;
  const bodies = {
    "/": (mark: string) => `{${poison}, "mark": "${mark}", "subject": "${mark}"}`,
    "/tenant/templated": (mark: string) =>
      `{${poison}, "mark": "${mark}", "subject": {${poison}, "m": "${mark}"}}`,
    "/alerts/any": (mark: string) =>
      `{${poison}, "key": {${poison}}, "status": {${poison}}, "url": {${poison}}, "mark": "${mark}", "subject": "${mark}"}`,
    "/alerts/am": (mark: string) =>
      `{${poison}, "status": "firing", "groupKey": "${mark}", "alerts": [{${poison}, "status": "firing", "labels": {${poison}, "alertname": "${mark}"}, "annotations": {${poison}}}]}`,
    "/alerts/pd": (mark: string) =>
      `{${poison}, "event": {${poison}, "event_type": "incident.triggered", "data": {${poison}, "id": "${mark}"}}}`,
  };
  for (const [path, bodyOf] of Object.entries(bodies)) {
    test(`names of JavaScript's own are names like others: ${path}`, async () => {
      const mark = newId();
      await tell(path, bodyOf(mark), mark);
      const plain = {} as Record<string, unknown>;
      assert.equal(plain["polluted"], undefined);
      assert.equal(typeof plain.toString, "function");
      assert.equal(Reflect.get([], "polluted"), undefined);
    });
  }

  test("what breaks lines or reads as a header, a tag or a command is text", async () => {
    const mark = newId();
    const text = `${mark}\r\nX-Injected: 1\r\n\r\n<script>alert(1)</script>\u001b[2J\u0000\u202e'; drop table alerts; --`;
    const body = JSON.stringify({ mark: text, subject: text, __proto__: null });
    await tell("/", body, mark);
    const [notice] = receiver.told("/listener", mark);
    assert.equal(notice?.headers["x-injected"], undefined);
    assert.equal(notice?.headers["authorization"], secretHeader);
    assert.doesNotThrow(() => JSON.parse(notice?.body ?? "") as unknown);
  });

  const broken = {
    "depth without end": "[".repeat(200_000),
    "a depth that is closed": `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    "a number without end": `{"subject": 1${"0".repeat(100_000)}}`,
    "half a character": '{"subject": "\\ud800", "mark": "\\udfff"}',
    "a name without end": `{"${"a".repeat(500_000)}": 1}`,
    "a hundred thousand names": `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(",")}}`,
  };
  for (const [what, body] of Object.entries(broken)) {
    test(`${what} is kept, told, and harms nobody`, async () => {
      const before = receiver.told("/listener").length;
      const response = await post("/", body);
      assert.equal(response.status, 202);
      await steps.workUntil(() => receiver.hears("/listener", "", before + 1));
      const mark = newId();
      await tell("/", JSON.stringify({ mark, subject: mark }), mark);
    });
  }
});
