import assert from "node:assert/strict";
import { test } from "node:test";
import { fileSchema } from "./schema.ts";
import { checkExposure } from "./exposure.ts";

const cases = [
  { url: "{{ input.url }}", headers: { Authorization: "$T" }, warned: true },
  { url: "https://{{ input.host }}/health", headers: { "X-Key": "$T" }, warned: true },
  { url: "https:{{ input.rest }}", headers: { "X-Key": "$T" }, warned: true },
  { url: "HTTPS://{{ input.host }}/", headers: { "X-Key": "$T" }, warned: true },
  { url: "https://api.example{{ input.path }}", headers: { "X-Key": "$T" }, warned: true },
  { url: "https://api.example\\{{ input.path }}", headers: { "X-Key": "$T" }, warned: true },
  { url: "https://api.example?q={{ input.q }}", headers: { "X-Key": "$T" }, warned: false },
  { url: "https://api.example/{{ input.path }}", headers: { Authorization: "$T" }, warned: false },
  { url: "{{ input.url }}", headers: { Accept: "text/html" }, warned: false },
  { url: "{{ input.url }}", headers: {}, warned: false },
];
for (const { url, headers, warned } of cases) {
  test(`${url} with ${JSON.stringify(headers)}: ${warned ? "warned" : "fine"}`, () => {
    const file = fileSchema.parse({
      checks: [{ name: "site", type: "http", url, headers }],
      routes: [{ name: "page", actions: ["out"] }],
      actions: [{ name: "out", type: "stdout" }],
    });
    assert.equal(checkExposure(file).length, warned ? 1 : 0);
  });
}
