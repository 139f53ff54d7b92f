import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

const texts = {
  "a line that pretends to be another": 'x\n2026-11-22 {"level":"info"}',
  "an escape sequence": "\u001b[2J\u001b]0;title\u0007",
  "a control of eight bits": "\u009b31m\u0085\u007f",
  "text that is read from right to left": "\u202egnp.exe\u2066",
  "a separator of lines": "a\u2028b",
  "a hidden tag": "a\u{e0041}b",
};
for (const json of [true, false]) {
  for (const [what, text] of Object.entries(texts)) {
    test(`${what} is one printable line of ${json ? "JSON" : "words"}, and can be read back`, () => {
      const lines: string[] = [];
      createLog((line) => lines.push(line), { json }).warn("refused", { text });
      const [line = ""] = lines;
      assert.equal(lines.length, 1);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      const written = json ? line : `{"text":${line.slice(line.indexOf("text=") + 5)}}`;
      assert.equal((JSON.parse(written) as { text: string }).text, text);
    });
  }
}
