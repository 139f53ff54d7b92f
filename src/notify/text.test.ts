import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, counted, cutText, plainText, span, webLink, wordList } from "./text.ts";

const maxLength = 20;

function entity(character: string): string {
  return character === "&" ? "&amp;" : character;
}

test("text of strangers becomes one harmless line", () => {
  const cases: readonly [what: string, text: string, plain: string][] = [
    ["plain text", "https://shop.example", "https://shop.example"],
    ["new lines", "down\r\nRECOVERED\u2028x\ty", "down RECOVERED x y"],
    ["space around", "  a \n ", "a"],
    ["controls", "a\u0000b\u001b[31mc\u0007", "ab[31mc"],
    ["a control between spaces", "a \u0000 b", "a b"],
    ["an override of direction", "a\u202egnp.exe\u2069", "agnp.exe"],
    ["invisible marks", "pay\u200bpal\ufeff\u00ad\u{e0041}", "paypal"],
    ["joined emoji", "👩‍🚒 up", "👩‍🚒 up"],
    ["half a character", "a\ud83d", "a\ufffd"],
    ["too long", "x".repeat(100_000), `${"x".repeat(19)}…`],
    ["too long in pairs", "🔥".repeat(11), `${"🔥".repeat(9)}…`],
    ["100 kB of space", `a${" ".repeat(100_000)}b`, "a b"],
    ["exactly as long", "x".repeat(20), "x".repeat(20)],
    ["only controls", "\u0000\n", ""],
  ];
  for (const [what, text, plain] of cases) assert.equal(plainText(text, maxLength), plain, what);
});

test("a cut leaves what `escape` makes whole", () => {
  const cases: readonly [text: string, max: number, cut: string][] = [
    ["a&b", 7, "a&amp;b"],
    ["a&b", 6, "a…"],
    ["a&bc", 7, "a&amp;…"],
    ["&&", 5, "…"],
    ["", 5, ""],
    ["a", 0, ""],
  ];
  for (const [text, max, cut] of cases) assert.equal(cutText(text, max, entity), cut, `${text} in ${max}`);
});

test("only http and https are links", () => {
  const cases: readonly [text: string | null, link: string | null][] = [
    ["https://wiki.example/a b", "https://wiki.example/a%20b"],
    ["http://wiki.example", "http://wiki.example/"],
    ["javascript:alert(1)", null],
    ["see the wiki", null],
    [null, null],
  ];
  for (const [text, link] of cases) assert.equal(webLink(text), link, String(text));
});

test("times, spans, counts and lists read as people say them", () => {
  const now = Date.UTC(2026, 10, 22, 3, 2, 11);
  assert.equal(clock(now, now), "03:02Z");
  assert.equal(clock(now - 86_400_000, now), "2026-11-21 03:02Z");
  const spans = [0, 33_000, 60_000, 90_000, 180_000, 3_600_000, 12_000_000, 86_400_000, 187_200_000].map(
    span,
  );
  assert.deepEqual(spans, ["0 s", "33 s", "1 min", "90 s", "3 min", "1 h", "3 h 20 min", "1 d", "2 d 4 h"]);
  assert.deepEqual(
    [1, 2].map((count) => counted(count, "alert")),
    ["1 alert", "2 alerts"],
  );
  assert.deepEqual([[], ["eu"], ["eu", "na"], ["eu", "na", "apac"]].map(wordList), [
    "",
    "eu",
    "eu and na",
    "eu, na and apac",
  ]);
});
