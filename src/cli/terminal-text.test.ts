import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalText } from "./terminal-text.ts";

const cases = [
  ["two\n\tlines", "two\n\tlines"],
  ["\u001b[2Jgone", "\ufffd[2Jgone"],
  ["\u009b31mred", "\ufffd31mred"],
  ["PASS\rFAIL", "PASS\ufffdFAIL"],
  ["\u202eexe.gnp", "\ufffdexe.gnp"],
  ["👩\u200d🚒 Zürich", "👩\u200d🚒 Zürich"],
] as const;
for (const [text, shown] of cases) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () => {
    assert.equal(terminalText(text), shown);
  });
}
