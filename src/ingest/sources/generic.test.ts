import assert from "node:assert/strict";
import { test } from "node:test";
import { generic } from "./generic.ts";

const cases = [
  { body: '{"status":"resolved"}', status: "resolved" },
  { body: '{"status":"firing"}', status: "firing" },
  { body: '{"status":"Resolved"}', status: "firing" },
  { body: '{"status":{"resolved":true}}', status: "firing" },
  { body: '{"alert":{"status":"resolved"}}', status: "firing" },
  { body: "{}", status: "firing" },
  { body: '["resolved"]', status: "firing" },
  { body: '"resolved"', status: "firing" },
  { body: "not JSON", status: "firing" },
];

for (const { body, status } of cases) {
  test(`${body} is ${status}`, () => {
    const webhook = { headers: new Headers(), body: new TextEncoder().encode(body), json: parse(body) };
    assert.deepEqual(generic.read(webhook, { type: "generic", name: "any" }), [
      { status, dedupKey: null, targetUrl: null },
    ]);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test("its settings are a name and a token", () => {
  const settings = generic.settings.parse({ type: "generic", name: "any", token: "$TOKEN" });
  assert.equal(settings.name, "any");
  assert.throws(() => generic.settings.parse({ type: "generic" }));
});
