import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { Secret } from "../../model/secret.ts";
import { incident } from "../facts.fixture.ts";
import type { MessageFacts } from "../message-facts.ts";
import { composeMessage } from "../message.ts";
import { answering, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering } from "../receiver.fixture.ts";
import { confirmed, degraded, recovered, regional, scenes, spared, trigger } from "../scenes.fixture.ts";
import { testFacts } from "../own-scenes.fixture.ts";
import { speakingEventsV2 } from "./pagerduty.fixture.ts";
import type { PagerEvent } from "./pagerduty.fixture.ts";
import { pagerduty } from "./pagerduty.ts";

const routingKey = "0123456789abcdef0123456789ABCDEF";
const defaultKey = "crosscheck:01932f5e-7b6a-7000-8000-000000000001";

interface Sent {
  readonly events: readonly PagerEvent[];
  readonly thread: string | void;
}

async function send(
  message: Message,
  signal: AbortSignal,
  {
    keys = {},
    thread = null,
    answer = speakingEventsV2,
  }: { keys?: object; thread?: string | null; answer?: Answering } = {},
): Promise<Sent> {
  await using receiver = await startReceiver(answer);
  const written = {
    type: "pagerduty",
    name: "p",
    "routing-key": routingKey,
    url: `${receiver.url}/`,
    ...keys,
  };
  const settings = pagerduty.settings.parse(written);
  const left = await pagerduty.send(message, settings, { signal, thread });
  return { events: receiver.received.map(({ body }) => JSON.parse(body) as PagerEvent), thread: left };
}

test("an event is as in testdata/pagerduty-regional.json", async (t) => {
  const { events } = await send(composeMessage(regional), t.signal);
  const file = fileURLToPath(new URL("../testdata/pagerduty-regional.json", import.meta.url));
  t.assert.fileSnapshot(events[0], file);
});

const { digest, ...pages } = scenes;

test("a digest is no page, also where it is passed on to a pager", async (t) => {
  const { events, thread } = await send(composeMessage(digest!), t.signal);
  assert.deepEqual([events, thread], [[], undefined]);
});

test("every message is an event that PagerDuty takes, under the incident's key", async (t) => {
  for (const scene of Object.values(pages)) {
    const message = composeMessage(scene);
    const { events, thread } = await send(message, t.signal);
    assert.equal(thread, defaultKey);
    for (const event of events) assert.equal(event.dedup_key, defaultKey);
    const actions = { recovered: ["resolve"], test: ["trigger", "resolve"] } as Record<string, string[]>;
    assert.deepEqual(
      events.map((event) => event.event_action),
      actions[message.event] ?? ["trigger"],
    );
    if (message.event !== "recovered") assert.equal(events[0]?.payload?.summary, message.firstLine);
  }
});

test("the severity follows the verdict, or the settings", async (t) => {
  const cases = [
    [confirmed, "critical"],
    [scenes["inconclusive"]!, "critical"],
    [trigger, "critical"],
    [regional, "error"],
    [spared, "error"],
    [degraded, "warning"],
    [testFacts, "info"],
  ] as const;
  for (const [facts, severity] of cases) {
    const { events } = await send(composeMessage(facts), t.signal);
    assert.equal(events[0]?.payload?.severity, severity);
  }
  const { events } = await send(composeMessage(confirmed), t.signal, { keys: { severity: "warning" } });
  assert.equal(events[0]?.payload?.severity, "warning");
});

const bodyText = JSON.stringify({
  groupKey: '{}:{alertname="Down"}',
  labels: { host: "a" },
  n: 7,
  long: "x".repeat(300),
});
const withBody = (body: string) =>
  composeMessage({ ...confirmed, alert: { ...confirmed.alert!, body: new TextEncoder().encode(body) } });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const dedupKeys: readonly [what: string, written: string, body: string, key: string][] = [
  ["Rego over the alert", 'sprintf("host/%s", [input.labels.host])', bodyText, "host/a"],
  ["a number", "input.n", bodyText, "7"],
  ["facts of ours", "data.alert.subject", bodyText, "https://shop.example"],
  ["the source", "data.alert.source", bodyText, "webhook"],
  ["Alertmanager's own", "alertmanager", bodyText, sha256('{}:{alertname="Down"}')],
  ["too long for PagerDuty", "input.long", bodyText, sha256("x".repeat(300))],
  ["undefined", "input.missing", bodyText, defaultKey],
  ["empty", 'concat("", [])', bodyText, defaultKey],
  ["an alert that is no JSON", "input.labels.host", "down!", defaultKey],
  ["no group key", "alertmanager", "{}", defaultKey],
  [
    "a group key that cannot be written",
    "alertmanager",
    `{"groupKey":${"[".repeat(200_000)}${"]".repeat(200_000)}}`,
    defaultKey,
  ],
  ["an error", "1 / 0", bodyText, defaultKey],
  ["too much work", "count([1 | numbers.range(1, 100000)[_]])", bodyText, defaultKey],
];

for (const [what, written, body, key] of dedupKeys)
  test(`dedup-key: ${what}`, async (t) => {
    const { events } = await send(withBody(body), t.signal, { keys: { "dedup-key": written } });
    assert.equal(events[0]?.dedup_key, key);
  });

test("the first key stays for the whole incident", async (t) => {
  const keys = { "dedup-key": "input.labels.host" };
  const thread = "first";
  const later = await send(withBody(bodyText), t.signal, { keys, thread });
  const over = await send(composeMessage(recovered), t.signal, { keys, thread });
  assert.deepEqual(
    [later, over].flatMap(({ events }) => events.map((event) => [event.event_action, event.dedup_key])),
    [
      ["trigger", "first"],
      ["resolve", "first"],
    ],
  );
});

test("recovery leaves alone what others ring for under a key where nothing of ours was taken", async (t) => {
  const keys = { "dedup-key": "alertmanager" };
  const body = new TextEncoder().encode(bodyText);
  const over = composeMessage({ ...recovered, alert: { ...recovered.alert!, body } });
  assert.deepEqual(await send(over, t.signal, { keys }), { events: [], thread: undefined });
  const { events } = await send(over, t.signal, { keys, thread: "k" });
  assert.deepEqual(
    events.map((event) => event.event_action),
    ["resolve"],
  );
});

/** A resolved alert of a group on a route that checks nothing. */
function resolved(more: object, facts: object = {}) {
  const body = new TextEncoder().encode(JSON.stringify({ groupKey: "{}:{}", status: "resolved", ...more }));
  const alert = { ...trigger.alert!, status: "resolved" as const, body };
  return { ...trigger, alert, plan: { ...trigger.plan!, checks: [] }, ...facts };
}

test("a resolved alert that is passed on ends what the firing one began, if there is nothing else under its key", async (t) => {
  const keys = { "dedup-key": "alertmanager" };
  const over = resolved({ groupStatus: "resolved" });
  const cases: readonly [what: string, facts: MessageFacts, keys: object, actions: string[]][] = [
    ["the group is over", over, keys, ["resolve"]],
    ["the group as one alert", resolved({}), keys, ["resolve"]],
    ["others of the group fire", resolved({ groupStatus: "firing" }), keys, []],
    ["others were left out", resolved({ truncatedAlerts: 2 }), keys, []],
    ["a key of Rego's", over, { "dedup-key": "input.groupKey" }, ["resolve"]],
    ["no key", over, {}, []],
    ["it fires", { ...over, alert: { ...over.alert, status: "firing" } }, keys, ["trigger"]],
    ["told together", resolved({}, { incident: { ...incident, flags: ["gathered"] } }), keys, ["trigger"]],
    ["unrouted", resolved({}, { incident: { ...incident, route: "unrouted" } }), keys, ["trigger"]],
  ];
  for (const [what, facts, written, actions] of cases) {
    const { events, thread } = await send(composeMessage(facts), t.signal, { keys: written });
    assert.deepEqual(
      events.map((event) => event.event_action),
      actions,
      what,
    );
    assert.equal(thread === undefined, actions.length === 0, what);
  }
});

test("what is too large goes first: the alert, then the observations", async (t) => {
  const large = composeMessage({
    ...confirmed,
    alert: { ...confirmed.alert!, body: new TextEncoder().encode("🔥".repeat(200_000)) },
  });
  const observations = Array.from({ length: 2000 }, () => ({
    ...confirmed.observations[0]!,
    message: "x".repeat(300),
  }));
  const cases: readonly [message: Message, left: readonly string[], out: readonly string[]][] = [
    [composeMessage(confirmed), ["observations", "alert"], []],
    [large, ["observations"], ["alert"]],
    [{ ...large, observations }, [], ["observations", "alert"]],
  ];
  for (const [message, left, out] of cases) {
    const { events } = await send(message, t.signal);
    const details = events[0]?.payload?.custom_details ?? {};
    for (const key of left) assert.equal(typeof details[key], "object");
    for (const key of out) assert.equal(details[key], "left out: too large for PagerDuty");
    assert.equal(details["summary"], message.summary);
  }
});

test("hostile text stays within PagerDuty's rules", async (t) => {
  for (const text of ["", "\u0000\u202e\r\n", "🔥".repeat(5000), '"\\'.repeat(5000), "\ud800"]) {
    const hostile = { ...confirmed, incident: { ...confirmed.incident, subject: text } };
    const { events } = await send(composeMessage(hostile), t.signal);
    assert.ok(events[0]?.payload?.summary.isWellFormed());
  }
});

test("Postee's keys are understood", async (t) => {
  const keys = { "routing-key": undefined, "pagerduty-routing-key": routingKey, "pagerduty-auth-token": "t" };
  const { events } = await send(composeMessage(confirmed), t.signal, { keys });
  assert.equal(events[0]?.routing_key, routingKey);
});

test("a reference that turns out to be no routing key is permanent", async (t) => {
  const settings = pagerduty.settings.parse({ type: "pagerduty", name: "p", "routing-key": "$KEY" });
  const revealed = { ...settings, routingKey: new Secret("short") };
  await assert.rejects(
    async () => pagerduty.send(composeMessage(confirmed), revealed, { signal: t.signal, thread: null }),
    { message: /32 characters/, permanent: true },
  );
});

test("any answer but 202 is a failure", async (t) => {
  const cases: readonly [answer: Answering, message: RegExp, permanent: boolean, retryAfterMs?: number][] = [
    [answering(200, "ok"), /^answered 200, but not as one that has taken/, false],
    [answering(400, '{"status":"invalid event"}'), /invalid event/, true],
    [(response, { body }) => response.writeHead(400).end(body), /"routing_key":"\[secret\]"/, true],
    [answering(403), /^answered 403$/, true],
    [answering(413), /^answered 413$/, true],
    [answering(429, "", { "retry-after": "60" }), /^answered 429$/, false, 60_000],
    [answering(500), /^answered 500$/, false],
    [answering(503), /^answered 503$/, false],
    [resetting, /^the request failed$/, false],
  ];
  for (const [answer, text, permanent, retryAfterMs] of cases)
    await assert.rejects(send(composeMessage(confirmed), t.signal, { answer }), (error) => {
      assert.ok(error instanceof DeliveryError);
      assert.match(error.message, text);
      assert.equal(error.permanent, permanent);
      assert.equal(error.retryAfterMs, retryAfterMs);
      return true;
    });
});
