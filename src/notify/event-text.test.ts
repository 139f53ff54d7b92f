import assert from "node:assert/strict";
import { test } from "node:test";
import { eventText } from "./event-text.ts";
import { alert } from "./facts.fixture.ts";
import { composeMessage } from "./message.ts";
import { payload } from "./payload.ts";
import { regional, trigger } from "./scenes.fixture.ts";

function arrival(body: string | Uint8Array): string {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return eventText(composeMessage({ ...trigger, alert: { ...alert, body: bytes } }));
}

test("an arrival is the alert as Postee's raw-json shows it", () => {
  assert.equal(
    arrival('{"b": [1.50, {"y": "<a&b>", "x": null}, [], {}], "a": 12345678901234567890}'),
    '{\n "a": 12345678901234567890,\n "b": [\n  1.5,\n  {\n   "x": null,\n   "y": "\\u003ca\\u0026b\\u003e"\n  },\n  [],\n  {}\n ]\n}',
  );
});

test("what cannot be shown so stays as it came", () => {
  assert.equal(arrival("down, says the <script>"), "down, says the <script>");
  assert.equal(arrival(""), "");
  assert.equal(arrival(new Uint8Array([0xff, 0xfe])), "//4=");
  const deep = `${"[".repeat(900)}${"1,".repeat(100_000)}1${"]".repeat(900)}`;
  assert.equal(arrival(deep), deep);
  const deeper = "[".repeat(500_000);
  assert.equal(arrival(deeper), deeper);
});

test("a template's text comes first", () => {
  const rendered = { title: "t", description: "<b>down</b>", url: null };
  assert.equal(eventText(composeMessage({ ...trigger, rendered })), "<b>down</b>");
});

test("a verdict is the JSON that a webhook gets", () => {
  const message = composeMessage(regional);
  assert.equal(eventText(message), JSON.stringify(payload(message)));
});

test("an arrival without an alert is told as a webhook is", () => {
  const message = composeMessage({ ...trigger, alert: null });
  assert.equal(eventText(message), JSON.stringify(payload(message)));
});
