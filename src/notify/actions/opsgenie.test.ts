import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DeliveryError } from "../../model/errors.ts";
import type { Message, RenderedTemplate } from "../../model/message.ts";
import { composeMessage } from "../message.ts";
import { answering, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering, Received } from "../receiver.fixture.ts";
import { confirmed, degraded, recovered, regional, scenes, spared, trigger } from "../scenes.fixture.ts";
import { testFacts } from "../own-scenes.fixture.ts";
import { speakingAlertApi } from "./opsgenie.fixture.ts";
import type { OpsgenieAlert } from "./opsgenie.fixture.ts";
import { opsgenie } from "./opsgenie.ts";

const defaultAlias = "crosscheck:01932f5e-7b6a-7000-8000-000000000001";
const encoded = encodeURIComponent(defaultAlias);

interface Sent {
  readonly received: readonly Received[];
  readonly paths: readonly string[];
  readonly alert: OpsgenieAlert;
  readonly thread: string | void;
}

async function send(
  message: Message,
  signal: AbortSignal,
  {
    keys = {},
    thread = null,
    answer = speakingAlertApi,
  }: { keys?: object; thread?: string | null; answer?: Answering } = {},
): Promise<Sent> {
  await using receiver = await startReceiver(answer);
  const written = { type: "opsgenie", name: "o", "api-key": "eb243592-faa2", url: receiver.url, ...keys };
  const left = await opsgenie.send(message, opsgenie.settings.parse(written), { signal, thread });
  const { received } = receiver;
  return {
    received,
    paths: received.map(({ path }) => path),
    alert: JSON.parse(received[0]?.body ?? "{}") as OpsgenieAlert,
    thread: left,
  };
}

test("an alert is as in testdata/opsgenie-regional.json", async (t) => {
  const { alert } = await send(composeMessage(regional), t.signal);
  const file = fileURLToPath(new URL("../testdata/opsgenie-regional.json", import.meta.url));
  t.assert.fileSnapshot(alert, file);
});

const { digest, ...pages } = scenes;

test("a digest is no page, also where it is passed on to a pager", async (t) => {
  const { paths, thread } = await send(composeMessage(digest!), t.signal);
  assert.deepEqual([paths, thread], [[], undefined]);
});

test("every message is something that Opsgenie takes, under the incident's alias", async (t) => {
  for (const scene of Object.values(pages)) {
    const message = composeMessage(scene);
    const { paths, thread } = await send(message, t.signal);
    assert.equal(thread, defaultAlias);
    const close = `/v2/alerts/${encoded}/close?identifierType=alias`;
    const expected = { recovered: [close], test: ["/v2/alerts", close] } as Record<string, string[]>;
    assert.deepEqual(paths, expected[message.event] ?? ["/v2/alerts"]);
  }
});

test("later messages open the alert again if need be, and note what is new", async (t) => {
  const { paths, received, thread } = await send(composeMessage(regional), t.signal, { thread: "a/b" });
  assert.deepEqual(paths, ["/v2/alerts", "/v2/alerts/a%2Fb/notes?identifierType=alias"]);
  const { note } = JSON.parse(received[1]?.body ?? "") as { note: string };
  assert.ok(note.startsWith(composeMessage(regional).firstLine));
  assert.equal(thread, "a/b");
});

test("the priority follows the verdict, or the settings", async (t) => {
  const cases = [
    [confirmed, "P1"],
    [scenes["inconclusive"]!, "P1"],
    [trigger, "P1"],
    [regional, "P2"],
    [spared, "P2"],
    [degraded, "P3"],
    [testFacts, "P5"],
  ] as const;
  for (const [facts, priority] of cases)
    assert.equal((await send(composeMessage(facts), t.signal)).alert.priority, priority);
  const { alert } = await send(composeMessage(confirmed), t.signal, { keys: { priority: "P4" } });
  assert.equal(alert.priority, "P4");
});

test("who is called, and what else stands in an alert, is configured", async (t) => {
  const keys = {
    responders: [
      { type: "team", name: "web" },
      { type: "escalation", id: "7" },
    ],
    tags: ["shop"],
    entity: "storefront",
    user: "crosscheck",
  };
  const { alert } = await send(composeMessage(confirmed), t.signal, { keys });
  assert.deepEqual(alert.responders, keys.responders);
  assert.deepEqual([alert.tags, alert.entity, alert.user], [["shop"], "storefront", "crosscheck"]);
});

test("Postee's keys are understood", async (t) => {
  const keys = {
    "api-key": undefined,
    token: "t0ken",
    assignee: ["ada@shop.example"],
    recipients: ["bob@shop.example"],
    alias: "scan",
  };
  const { alert, received } = await send(composeMessage(confirmed), t.signal, { keys });
  assert.equal(received[0]?.headers.authorization, "GenieKey t0ken");
  assert.equal(alert.alias, "scan");
  assert.deepEqual(alert.responders, [{ type: "user", username: "ada@shop.example" }]);
  assert.deepEqual(alert.visibleTo, [{ type: "user", username: "bob@shop.example" }]);
});

test("an alias that several incidents share is noted, not closed", async (t) => {
  const keys = { alias: "scan" };
  const { paths } = await send(composeMessage(recovered), t.signal, { keys, thread: "scan" });
  assert.deepEqual(paths, ["/v2/alerts/scan/notes?identifierType=alias"]);
});

test("recovery leaves alone what others ring for under an alias where nothing of ours was taken", async (t) => {
  const keys = { "dedup-key": '"shared"' };
  const { paths, thread } = await send(composeMessage(recovered), t.signal, { keys });
  assert.deepEqual([paths, thread], [[], undefined]);
});

test("a resolved alert that is passed on closes what the firing one began", async (t) => {
  const alert = { ...trigger.alert!, status: "resolved" as const };
  const message = composeMessage({ ...trigger, alert, plan: { ...trigger.plan!, checks: [] } });
  const { paths } = await send(message, t.signal, { keys: { "dedup-key": '"shared"' } });
  assert.deepEqual(paths, ["/v2/alerts/shared/close?identifierType=alias"]);
});

const templates: readonly [what: string, description: string, expected: Partial<OpsgenieAlert>][] = [
  [
    "an object",
    '{"description":"37 CVEs","alias":"img","entity":"registry","priority":"P4","tags":"a, b"}',
    { alias: "img", entity: "registry", priority: "P4", tags: ["own", "a", "b"] },
  ],
  ["a list of tags", '{"tags":["a","b"]}', { alias: defaultAlias, priority: "P1", tags: ["own", "a", "b"] }],
  [
    "tags that are no text",
    '{"tags":[7,null,{"toString":1},["a"]]}',
    { tags: ["own", "7", '{"toString":1}', '["a"]'] },
  ],
  ["a priority that there is not", '{"priority":"high"}', { priority: "P1" }],
  ["text", "37 CVEs", { alias: defaultAlias, tags: ["own"] }],
];

for (const [what, description, expected] of templates)
  test(`a Postee template that writes ${what}`, async (t) => {
    const rendered: RenderedTemplate = { title: "Scan", description, url: null };
    const message = composeMessage({ ...trigger, rendered });
    const { alert } = await send(message, t.signal, { keys: { tags: ["own"] } });
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(alert[key as "tags"], value, key);
    assert.equal(alert.message, message.firstLine);
    if (description.includes("CVEs")) assert.match(alert.description, /37 CVEs$/);
  });

test("hostile text stays within Opsgenie's limits", async (t) => {
  for (const text of ["", "\u0000\r\n", "🔥".repeat(9000), '"\\'.repeat(9000), "\ud800"]) {
    const message = composeMessage({
      ...confirmed,
      incident: { ...confirmed.incident, subject: text },
      observations: Array.from({ length: 200 }, (_, index) => ({
        ...confirmed.observations[0]!,
        location: `location-${index}`,
        message: text,
      })),
      plan: {
        ...confirmed.plan!,
        runbook: `https://wiki.example/?q=${encodeURIComponent(text.toWellFormed())}`,
      },
      rendered: {
        title: text,
        description: JSON.stringify({ alias: text, entity: text, tags: text }),
        url: null,
      },
    });
    await send(message, t.signal, { thread: "alias" });
    await send(message, t.signal);
  }
});

test("any answer but 202 is a failure", async (t) => {
  const cases: readonly [answer: Answering, permanent: boolean, retryAfterMs?: number][] = [
    [answering(200, "ok"), false],
    [answering(401), true],
    [answering(403), true],
    [answering(404), true],
    [answering(422, '{"message":"Request body is not processable"}'), true],
    [answering(429, "", { "retry-after": "3" }), false, 3000],
    [answering(500), false],
    [answering(503), false],
    [resetting, false],
  ];
  for (const [answer, permanent, retryAfterMs] of cases)
    await assert.rejects(send(composeMessage(confirmed), t.signal, { answer }), (error) => {
      assert.ok(error instanceof DeliveryError);
      assert.equal(error.permanent, permanent, error.message);
      assert.equal(error.retryAfterMs, retryAfterMs);
      return true;
    });
});

test("the region says where to post, unless an address does", () => {
  const keys = { type: "opsgenie", name: "o", "api-key": "k" };
  assert.equal(opsgenie.settings.parse(keys).region, "us");
  assert.equal(opsgenie.settings.parse({ ...keys, region: "eu" }).region, "eu");
  assert.throws(() => opsgenie.settings.parse({ ...keys, region: "apac" }));
  assert.throws(() => opsgenie.settings.parse({ ...keys, alias: "a", "dedup-key": "input.a" }), /keep one/);
  assert.throws(
    () => opsgenie.settings.parse({ ...keys, responders: [{ type: "team", name: "a", id: "b" }] }),
    /one of id, name and username/,
  );
});
