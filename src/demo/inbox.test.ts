import assert from "node:assert/strict";
import { test } from "node:test";
import { slackText } from "./inbox.ts";

test("a Slack message is shown without its markup", () => {
  const body = JSON.stringify({
    text: "DOWN",
    blocks: [
      { type: "header", text: { type: "plain_text", text: "❌ DOWN 3/3" } },
      { type: "section", text: { type: "mrkdwn", text: "a &lt;b&gt; &amp;amp; 2 * 3 * 4" } },
      { type: "section", text: { type: "mrkdwn", text: "✖ *FAIL* eu: *so*\n✔ *pass* na: well" } },
      { type: "section", text: { type: "mrkdwn", text: "<https://wiki.example/a?b&amp;c|Runbook>" } },
      { type: "context", elements: [{ type: "mrkdwn", text: "route page" }] },
    ],
  });
  assert.deepEqual(slackText(body).split("\n"), [
    "❌ DOWN 3/3",
    "a <b> &amp; 2 * 3 * 4",
    "✖ FAIL eu: *so*",
    "✔ pass na: well",
    "Runbook: https://wiki.example/a?b&c",
    "route page",
  ]);
});
