import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readWebhook } from "./receive.ts";
import { alertmanager } from "./sources/alertmanager.ts";

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
