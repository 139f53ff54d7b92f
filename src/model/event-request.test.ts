import assert from "node:assert/strict";
import { test } from "node:test";
import { eventRequest, maxEventHeader } from "./event-request.ts";
import { Secret } from "./secret.ts";

const settings = { method: "POST", url: new Secret("https://a.example/k?x=1"), headers: {} };

test("a request has the event as a header, then the configured headers in order", () => {
  const headers = { Fookey: [new Secret("bar"), new Secret("baz")], Authorization: new Secret("Bearer x") };
  assert.deepEqual(eventRequest({ ...settings, headers }, "é"), {
    method: "POST",
    url: "https://a.example/k?x=1",
    headers: [
      ["Postee-Event", "w6k="],
      ["Fookey", "bar"],
      ["Fookey", "baz"],
      ["Authorization", "Bearer x"],
    ],
    body: null,
  });
});

test("an event that fits is a header, one more byte and it is none", () => {
  const fits = "x".repeat((maxEventHeader / 4) * 3);
  assert.equal(eventRequest(settings, fits).headers[0]?.[1].length, maxEventHeader);
  assert.deepEqual(eventRequest(settings, `${fits}x`).headers, []);
});

test("the body is the file's, else body-content filled", () => {
  assert.equal(eventRequest({ ...settings, bodyContent: "a: event.input.a" }, '{"a": 1}').body, "a: 1");
  const file = new Uint8Array([0xff, 0]);
  assert.equal(eventRequest(settings, "{}", file).body, file);
});
