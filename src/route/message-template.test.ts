import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alert } from "../model/alert.ts";
import { compileMessageTemplate, MessageTemplateError, templateDocuments } from "./message-template.ts";
import type { MessageTemplateSettings } from "./message-template.ts";

function alertOf(body: string): Alert {
  return {
    id: "a1",
    receivedAt: 0,
    source: "webhook",
    onlyRoute: null,
    contentType: null,
    body: new TextEncoder().encode(body),
    status: "firing",
    dedupKey: null,
    targetUrl: null,
    fault: null,
  };
}

function render(
  settings: Omit<MessageTemplateSettings, "name">,
  body: string,
  aquaServer: string | null = null,
) {
  const { input, data } = templateDocuments(
    alertOf(body),
    { teams: { shop: "web" } },
    { subject: "s", aquaServer },
  );
  return compileMessageTemplate({ name: "t", ...settings }).render(input, data);
}

const aqua = "https://aqua.example/#/images/";

test("the alert as it is, as Postee's own packages show it", () => {
  const json =
    '{\n "postee": {\n  "AquaServer": "https://aqua.example/#/images/"\n },\n "user": "demo \\u003c"\n}';
  assert.deepEqual(render({ regoPackage: "postee.rawmessage.json" }, '{"user": "demo <"}', aqua), {
    title: "-",
    description: json,
    url: null,
  });
  assert.deepEqual(render({ regoPackage: "postee.rawmessage.html" }, '{"user": "demo <"}', aqua), {
    title: "Raw Message Received",
    description: `<pre><code>${json}</code></pre>`,
    url: null,
  });
});

test("without aqua-server there is no address in it; what is no object is shown without", () => {
  const regoPackage = "postee.rawmessage.json";
  const shown = render({ regoPackage }, '{"postee": 1}');
  assert.ok("description" in shown);
  assert.equal(shown.description, '{\n "postee": {\n  "AquaServer": ""\n }\n}');
  assert.deepEqual(render({ regoPackage }, "[1, 12345678901234567890]", aqua), {
    title: "-",
    description: "[\n 1,\n 12345678901234567890\n]",
    url: null,
  });
});

const demo = '{"user": "demo", "id": 12345678901234567890, "rate": 0.1}';
const bodies: readonly (readonly [
  what: string,
  body: string,
  title: string,
  description: string,
  url?: string,
])[] = [
  [
    "text and a link",
    'package rego1.html\ntitle := "Audit"\nresult := sprintf("from %s", [input.user])\nurl := "registry/image"',
    "Audit",
    "from demo",
    "registry/image",
  ],
  [
    "JSON",
    'package p\ntitle := "t"\nresult := {"b": "<&>", "a": [input.id, input.rate]}',
    "t",
    '{"a":[12345678901234567890,0.1],"b":"\\u003c\\u0026\\u003e"}',
  ],
  ["a title that is no text", "package p\ntitle := [1]\nresult := false", "[1]", "false"],
  [
    "jsonformat",
    'package p\ntitle := "t"\nresult := jsonformat({"id": input.id, "e": []})',
    "t",
    '{\n "e": [],\n "id": 12345678901234567890\n}',
  ],
  ["rules of v0", 'package p\ntitle = "t"\nresult = x {\n  x := input.user\n}', "t", "demo"],
  ["an object in the package", 'package a.b["c d"]\ndoc := {"title": "in", "result": "deep"}', "in", "deep"],
  [
    "the outer one first",
    'package p\ntitle := "out"\nresult := "r"\ndoc := {"title": "in", "result": "deep"}',
    "out",
    "r",
  ],
  ["a link that is no text", 'package p\ntitle := "t"\nresult := "r"\nurl := 1', "t", "r"],
  ["the server's address", 'package p\ntitle := "t"\nresult := input.postee.AquaServer', "t", aqua],
  ["data of ours", "package p\ntitle := data.alert.id\nresult := data.teams.shop", "a1", "web"],
  [
    "the common helpers",
    `package p
import data.postee.by_flag
import data.postee.with_default
title := by_flag("yes", "no", false)
result := [
  by_flag("yes", "no", input.user),
  data.postee.duplicate("a", "b", 2),
  data.postee.clamp(5, 3),
  data.postee.clamp(2, 3),
  data.postee.flat_array([[1, 2], [3]]),
  with_default(input, "user", "x"),
  with_default({"user": false}, "user", "x"),
  with_default({}, "user", "x"),
]`,
    "no",
    '["yes","b",3,2,[1,2,3],"demo","x","x"]',
  ],
];

for (const [what, body, title, description, url = null] of bodies)
  test(`a body: ${what}`, () => {
    assert.deepEqual(render({ body }, demo, aqua), { title, description, url });
  });

test("a body is taken before all else", () => {
  const body = 'package p\ntitle := "t"\nresult := "r"';
  const settings = { body, url: "https://x.example", regoPackage: "nope", legacyScanRenderer: "slack" };
  assert.deepEqual(render(settings, demo), { title: "t", description: "r", url: null });
});

test("why nothing comes of an alert", () => {
  const cases: readonly (readonly [body: string, error: RegExp, alert?: string])[] = [
    ['package p\ntitle := "t"\nresult := input.nope', /^nothing in it has a result$/],
    ['package p\ntitle := "t"\nresult := null', /^nothing in it has a result$/],
    ["package p", /^nothing in it has a result$/],
    ['package p\nresult := "r"', /^it has a result and no title$/],
    ['package p\ntitle := "t"\nresult := "r"\nx = 1 { true }\nx = 2 { true }', /eval_conflict_error/],
    [
      'package p\ntitle := "t"\nresult := count([1 | numbers.range(1, 1000)[_]; numbers.range(1, 1000)[_]])',
      /budget/,
    ],
    ['package p\ntitle := "t"\nresult := "r"', /^the alert is no JSON$/, "down"],
    ['package p\ntitle := "t"\nresult := "r"', /^the alert is no JSON$/, ""],
  ];
  for (const [body, reason, alert = demo] of cases) {
    const made = render({ body }, alert);
    assert.match("error" in made ? made.error : "it was rendered", reason, body);
  }
});

test("what cannot be a template says why, and where", () => {
  const cases: readonly (readonly [settings: object, key: string | null, message: RegExp, place?: object])[] =
    [
      [{}, null, /^a template needs body: or rego-package:$/],
      [{ legacyScanRenderer: "slack" }, "legacy-scan-renderer", /does not have Postee's renderers/],
      [
        { regoPackage: "postee.vuls.slack" },
        "rego-package",
        /^Crosscheck has postee\.rawmessage\.json and postee\.rawmessage\.html, not postee\.vuls\.slack; write its Rego into body:$/,
      ],
      [{ regoPackage: "toString" }, "rego-package", /not toString/],
      [
        { regoPackage: "postee.rawmessage.json.result" },
        "rego-package",
        /not postee\.rawmessage\.json\.result/,
      ],
      [{ url: "https://x.example/t.rego" }, "url", /loads no templates from elsewhere/],
      [{ body: "title := 1" }, "body", /expected package/, { row: 1, col: 1 }],
      [{ body: "package p\n\nresult := http.send({})" }, "body", /http\.send/, { row: 3, col: 11 }],
      [
        { body: "package p\nresult := data.postee.nope(1)" },
        "body",
        /undefined function/,
        { row: 2, col: 11 },
      ],
      [{ body: "" }, "body", /expected package/, { row: 1, col: 1 }],
    ];
  for (const [settings, key, message, place = null] of cases)
    assert.throws(
      () => compileMessageTemplate({ name: "t", ...settings }),
      (error) => {
        assert.ok(error instanceof MessageTemplateError);
        assert.equal(error.key, key);
        assert.match(error.message, message);
        assert.deepEqual(error.place, place);
        return true;
      },
    );
});
