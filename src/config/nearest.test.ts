import assert from "node:assert/strict";
import { test } from "node:test";
import { instead } from "./nearest.ts";

const cases = [
  { word: "chekcs", of: ["checks", "routes"], says: ': did you mean "checks"?' },
  { word: "sya", of: ["say", "tell"], says: ': did you mean "say"?' },
  { word: "send-slack-message", of: ["send-slack-messsage"], says: ': did you mean "send-slack-messsage"?' },
  { word: "not-reproducible", of: ["not-reproduced", "confirmed"], says: ': did you mean "not-reproduced"?' },
  { word: "eu", of: ["us", "na"], says: ": there are us, na" },
  { word: "pagerduty", of: ["slack", "slack"], says: ": there are slack" },
  { word: "slack", of: [], says: "" },
];

for (const { word, of, says } of cases) {
  test(`${word} among ${of.join(", ")}`, () => {
    assert.equal(instead(word, of, "there are"), says);
  });
}
