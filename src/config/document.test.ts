import assert from "node:assert/strict";
import { test } from "node:test";
import { readDocument } from "./document.ts";
import type { Path } from "./finding.ts";
import { error } from "./finding.ts";

/**
 * The text of each case has a mark `▸` before the character that is looked for; in the value it is the one before which
 * `at` stands.
 */
const scalars = [
  { title: "plain", text: "a: one ▸two", at: [1, 5] },
  { title: "plain over lines", text: "a: one\n  two\n  ▸three", at: [1, 9] },
  { title: "single quotes", text: "a: 'it''s ▸here'", at: [1, 6] },
  { title: "double quotes", text: String.raw`a: "tab\t \"x\" ▸y"`, at: [1, 10] },
  { title: "unicode escapes", text: String.raw`a: "\x41\u0042 ▸c"`, at: [1, 4] },
  { title: "literal block", text: "a: |\n  one\n    ▸two", at: [2, 3] },
  { title: "literal block with header", text: "a: |2-  # why\n   one\n  t▸wo", at: [2, 2] },
  { title: "folded block", text: "a: >-\n  one\n  ▸two\n\n  three", at: [1, 5] },
  { title: "folded block, next paragraph", text: "a: >-\n  one\n  two\n\n  ▸three", at: [2, 1] },
  { title: "behind the end", text: "a: 'one'▸", at: [1, 9] },
] as const;

for (const { title, text, at } of scalars) {
  test(`a place inside a text: ${title}`, () => {
    const before = text.slice(0, text.indexOf("▸")).split("\n");
    const [row, col] = at;
    const { line, col: found } = readDocument(text.replace("▸", "")).place({
      ...error(["a"], ""),
      within: { row, col },
    });
    const offset = title === "behind the end" ? 0 : 1;
    assert.deepEqual([line, found], [before.length, (before.at(-1)?.length ?? 0) + offset]);
  });
}

const file = `routes:
- name: a
  notify: &everybody
    confirmed: [x]
- name: b
  notify:
    <<: *everybody
    not-reproduced: [y]
empty:
alias: *everybody
`;
const places: { title: string; path: Path; onKey?: boolean; at: string }[] = [
  { title: "a value", path: ["routes", 0, "name"], at: "2:9" },
  { title: "a key", path: ["routes", 0, "name"], onKey: true, at: "2:3" },
  { title: "a key that is missing: its map", path: ["routes", 1, "input"], at: "5:3" },
  { title: "an item that is missing: its list", path: ["routes", 7], at: "2:1" },
  { title: "a value that is empty: its key", path: ["empty"], at: "9:1" },
  { title: "a key in the code's spelling", path: ["routes", 1, "notify", "notReproduced", 0], at: "8:22" },
  { title: "a merged key: where it is written", path: ["routes", 1, "notify", "confirmed", 0], at: "4:17" },
  { title: "behind an alias: where it is written", path: ["alias", "confirmed"], at: "4:16" },
  { title: "the file", path: [], at: "1:1" },
];

for (const { title, path, onKey = false, at } of places) {
  test(`a place in the data: ${title}`, () => {
    const { line, col } = readDocument(file).place({ ...error(path, ""), onKey });
    assert.equal(`${line}:${col}`, at);
  });
}

test("YAML 1.2: yes is text, and so is a date; keys may be anything", () => {
  assert.deepEqual(readDocument("a: yes\nb: 2026-11-22\n1: x\n").data, { a: "yes", b: "2026-11-22", 1: "x" });
});

test("a key of every object is a key like any other", () => {
  const { data } = readDocument("__proto__: {polluted: true}\nconstructor: 1\n");
  assert.deepEqual(Object.keys(data as object), ["__proto__", "constructor"]);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});
