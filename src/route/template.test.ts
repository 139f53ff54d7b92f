import assert from "node:assert/strict";
import { test } from "node:test";
import { TemplateError, compileTemplate } from "./template.ts";

const input = { host: "shop.example", port: 8443, tags: ["a", "b"], none: null, braces: "{{ input.host }}" };
const data = { hosts: { "shop.example": "10.0.0.1" } };

const rendered = [
  ["https://shop.example/", { text: "https://shop.example/" }],
  ["", { text: "" }],
  ["{{input.host}}", { text: "shop.example" }],
  ["https://{{ input.host }}:{{ input.port }}/x", { text: "https://shop.example:8443/x" }],
  ["{{ data.hosts[input.host] }}", { text: "10.0.0.1" }],
  ["{{ input.tags }} {{ input.none }}", { text: '["a","b"] null' }],
  ['{{ {"a": {"b": 1}} }}', { text: '{"a":{"b":1}}' }],
  ['{{ concat("}}", input.tags) }}', { text: "a}}b" }],
  ["{{ concat(`}}`, input.tags) }}", { text: "a}}b" }],
  ["}} {", { text: "}} {" }],
  // What comes from the alert is never read as a template again.
  ["{{ input.braces }}", { text: "{{ input.host }}" }],
  ["https://{{ input.name }}/{{ input.host }}", { undefined: "input.name" }],
] as const;

for (const [text, expected] of rendered) {
  test(`renders ${JSON.stringify(text)}`, () => {
    assert.deepEqual(compileTemplate(text).render(input, data), expected);
  });
}

const broken = [
  { text: "https://{{ input.host", message: "{{ has no }}", at: "1:9" },
  { text: 'x {{ "}}', message: "non-terminated string", at: "1:6" },
  { text: "{{ {}} ", message: "{{ has no }}", at: "1:1" },
  { text: "a\n{{ }}", message: "{{ }} is empty: write a Rego expression in it", at: "2:4" },
];

for (const { text, message, at } of broken) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    const [row, col] = at.split(":").map(Number);
    assert.throws(() => compileTemplate(text), { name: "TemplateError", message, row, col });
  });
}

test("an error of Rego's is placed in the whole text", () => {
  assert.throws(
    () => compileTemplate("one\ntwo {{ input.a ] }}"),
    (error: unknown) => error instanceof TemplateError && error.row === 2 && error.col === 16,
  );
});

test("parts tell text and expressions apart", () => {
  const { parts } = compileTemplate("https://{{ input.host }}");
  assert.deepEqual(
    parts.map((part) => ("text" in part ? part.text : { source: part.source })),
    ["https://", { source: "input.host" }],
  );
});
