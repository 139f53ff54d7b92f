import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { suite, test } from "node:test";
import { pagerduty } from "./pagerduty.ts";
import { admission, statusOf, webhookOf } from "./read.fixture.ts";

const settings = pagerduty.settings.parse({ type: "pagerduty", name: "pd", secrets: ["one", "two"] });
const read = (event: unknown) => pagerduty.read(webhookOf({ event }), settings);
const incident = { id: "PGR0VU2", type: "incident", incident_key: "d3640fbd", title: "a bump" };

suite("what happened", () => {
  const cases = {
    "incident.triggered": "firing",
    "incident.reopened": "firing",
    "incident.escalated": "firing",
    "incident.unacknowledged": "firing",
    "incident.resolved": "resolved",
    "incident.acknowledged": "other",
    "incident.annotated": "other",
    "incident.priority_updated": "other",
    "incident.something_new": "other",
    "service.updated": "other",
    "pagey.ping": "other",
  };
  for (const [type, status] of Object.entries(cases)) {
    test(`${type} is ${status}`, () => {
      assert.deepEqual(read({ event_type: type, client: null, data: incident }), [
        { status, dedupKey: "d3640fbd", targetUrl: null },
      ]);
    });
  }
});

test("an incident without a key is known by its id", () => {
  for (const key of [null, undefined, ""]) {
    const [alert] = read({ event_type: "incident.triggered", data: { ...incident, incident_key: key } });
    assert.equal(alert?.dedupKey, "PGR0VU2");
  }
});

test("a ping has no data to speak of", () => {
  assert.deepEqual(read({ event_type: "pagey.ping", data: { message: "Hello from your friend Pagey!" } }), [
    { status: "other", dedupKey: null, targetUrl: null },
  ]);
});

suite("what we have triggered ourselves is own, whatever happens to it", () => {
  for (const type of [
    "incident.triggered",
    "incident.escalated",
    "incident.resolved",
    "incident.acknowledged",
  ]) {
    test(type, () => {
      const data = { ...incident, incident_key: "crosscheck:01932f5e-7b6a-7000-8000-000000000001" };
      assert.equal(read({ event_type: type, data })[0]?.status, "own");
      assert.equal(
        read({ event_type: type, client: { name: "Crosscheck" }, data: incident })[0]?.status,
        "own",
      );
    });
  }
});

test("what is no event is a fault", () => {
  for (const body of [{}, [], "text", null, { event: {} }, { messages: [{ event: "incident.trigger" }] }])
    assert.throws(
      () => pagerduty.read(webhookOf(JSON.stringify(body)), settings),
      /no event with an event_type/,
    );
});

suite("the signature", () => {
  const body = JSON.stringify({ event: { event_type: "pagey.ping" } });
  const sign = (secret: string, text = body) =>
    `v1=${createHmac("sha256", secret).update(text).digest("hex")}`;
  const statusFor = async (signature?: string) => {
    const headers = signature === undefined ? {} : { "x-pagerduty-signature": signature };
    const said = await admission(pagerduty.proof?.(settings), webhookOf(body, headers));
    return statusOf(said);
  };

  const right = {
    "by the first secret": sign("one"),
    "by the second secret": sign("two"),
    "one of several": `${sign("stranger")},${sign("two")}`,
    "one of several, with spaces": `${sign("stranger")}, ${sign("one")}`,
    "one of several versions": `v2=abcdef,${sign("one")}`,
  };
  for (const [what, signature] of Object.entries(right))
    test(what, async () => assert.equal(await statusFor(signature), "admitted"));

  const wrong = {
    "by another secret": sign("stranger"),
    "of another body": sign("one", `${body}\n`),
    "without its version": sign("one").slice(3),
    "of another version": sign("one").replace("v1", "v0"),
    "cut short": sign("one").slice(0, -2),
    "nothing but commas": ",,,",
    none: undefined,
  };
  for (const [what, signature] of Object.entries(wrong))
    test(what, async () => assert.equal(await statusFor(signature), 401));

  test("without secrets a token is asked for", () => {
    const unsigned = pagerduty.settings.parse({ type: "pagerduty", name: "pd" });
    assert.equal(pagerduty.proof?.(unsigned), undefined);
  });
});
