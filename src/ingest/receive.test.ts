import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readWebhook } from "./receive.ts";
import type { SourceSettings } from "./source-type.ts";
import { alertmanager } from "./sources/alertmanager.ts";
import { sourceTypes } from "./sources/index.ts";

const source = alertmanager.settings.parse({ type: "alertmanager", name: "am" });

function delivered(text: string, cut = false) {
  return {
    headers: new Headers(),
    contentType: "application/json",
    body: new TextEncoder().encode(text),
    cut,
    onlyRoute: null,
    unknownSource: null,
    receivedAt: 1,
  };
}

suite("what a source cannot read is kept whole, as one alert that fires", () => {
  const cases = [
    { body: '{"alerts":[]}', fault: /its list of alerts is empty/ },
    { body: "{}", fault: /it has no list of alerts/ },
    { body: '{"alerts":[{"labels":{}}]}', fault: /each with a status/ },
    { body: '{"alerts":"many"}', fault: /it has no list of alerts/ },
    { body: "null", fault: /it has no list of alerts/ },
    { body: "status=firing", fault: /its body is not JSON/ },
  ];
  for (const { body, fault } of cases) {
    test(body, () => {
      const [alert, ...others] = readWebhook(delivered(body), source);
      assert.deepEqual(others, []);
      assert.equal(Buffer.from(alert?.body ?? []).toString(), body);
      assert.equal(alert?.status, "firing");
      assert.match(alert?.fault ?? "", fault);
    });
  }

  test("a body that was cut", () => {
    const [alert] = readWebhook(delivered('{"alerts":[{"status":"firing"', true), source);
    assert.match(alert?.fault ?? "", /larger than 29 bytes; the rest is lost/);
  });
});

test("each alert of a group has an id of its own, in order, and the source's name", () => {
  const alerts = readWebhook(
    delivered('{"alerts":[{"status":"firing"},{"status":"firing"},{"status":"firing"}]}'),
    source,
  );
  const ids = alerts.map(({ id }) => id);
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(ids, ids.toSorted());
  assert.deepEqual(
    alerts.map(({ source, fault }) => ({ source, fault })),
    Array.from({ length: 3 }, () => ({ source: "am", fault: null })),
  );
});

suite("what is meant to do harm is read, or kept with its fault, in no time worth mentioning", () => {
  const mega = 1024 * 1024;
  const keys = Array.from({ length: 90_000 }, (_, index) => `"${index}x":0`).join(",");
  const cases = [
    ["lists in lists", "[".repeat(100_000) + "]".repeat(100_000), /deeper than 256 levels/],
    ["objects in objects", `${'{"a":'.repeat(100_000)}0${"}".repeat(100_000)}`, /deeper than 256 levels/],
    ["lists that are never closed", "[".repeat(mega), /deeper than 256 levels/],
    ["brackets in a text are no depth", JSON.stringify({ text: `\\"${"[".repeat(1000)}` }), null],
    ["a text that is never closed", `{"text":"${"\\".repeat(mega)}`, /not JSON/],
    ["very many keys", `{${keys}}`, null],
    ["a long text", JSON.stringify({ status: "x".repeat(mega) }), null],
    ["a number without end", `{"status":${"9".repeat(mega)}}`, null],
    ["very many alerts", `{"alerts":[${"{},".repeat(300_000)}{}]}`, null],
    ["the prototype", '{"__proto__":{"status":"resolved"},"constructor":{"prototype":{}}}', null],
    ["no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), /not JSON/],
  ] as const;
  const settings = sourceTypes.map((type): SourceSettings => ({ type: type.name, name: type.name }));
  for (const [name, body, fault] of cases) {
    for (const from of settings) {
      test(`${name}, from ${from.type}`, () => {
        const bytes = typeof body === "string" ? Buffer.from(body) : body;
        const start = process.cpuUsage();
        const alerts = readWebhook({ ...delivered(""), body: bytes }, from);
        const { user, system } = process.cpuUsage(start);
        assert.ok(alerts.length > 0);
        if (fault !== null) assert.match(alerts[0]?.fault ?? "", fault);
        // Measured: a tenth of a second for a megabyte at most; a busy machine may take ten times as long.
        assert.ok(user + system < 1_000_000 + bytes.length, `${(user + system) / 1000} ms`);
      });
    }
  }
});
