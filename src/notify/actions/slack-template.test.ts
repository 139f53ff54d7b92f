import assert from "node:assert/strict";
import { test } from "node:test";
import { templateBlocks } from "./slack-template.ts";

const title = { type: "section", text: { type: "mrkdwn", text: "*Scan*" } };
const one = '{"type":"section","text":{"type":"mrkdwn","text":"<https://cve.example|CVE>"}}';
const divider = '{"type":"divider"}';

const blocksOf = (description: string) => templateBlocks({ title: "Scan", description, url: null });

const readable: readonly [what: string, description: string, written: readonly string[]][] = [
  ["a list", `[${one},${divider}]`, [one, divider]],
  ["blocks with commas between them", `${one},${divider}`, [one, divider]],
  ["a comma too many", ` ${one},${divider}, `, [one, divider]],
  ["nothing", "", []],
  ["members that Postee dropped", '{"type":"context","elements":[]}', ['{"type":"context","elements":[]}']],
];

for (const [what, description, written] of readable)
  test(`${what} makes blocks`, () => {
    assert.deepEqual(blocksOf(description), [title, ...written.map((block) => JSON.parse(block) as object)]);
  });

const unreadable: readonly [description: string, why: RegExp][] = [
  ["<h1>Scan</h1>", /no JSON/],
  [`${one},,${divider}`, /no JSON/],
  ['{"ServiceURL":{"Reachable":"false"}}', /block 1 is no map with a type/],
  [`[${one},"text"]`, /block 2 is no map with a type/],
  ["[null]", /block 1 is no map with a type/],
  ['{"type":7}', /block 1 is no map with a type/],
];

for (const [description, why] of unreadable)
  test(`${description} is refused for good`, () => {
    assert.throws(() => blocksOf(description), { name: "DeliveryError", permanent: true, message: why });
  });

test("what is too much for Slack is left out, and counted", () => {
  const many = blocksOf(`[${Array(70).fill(divider).join(",")}]`);
  assert.equal(many.length, 50);
  assert.match(JSON.stringify(many.at(-1)), /… and 22 more blocks/);
  const long = JSON.stringify({ type: "section", text: { type: "mrkdwn", text: "x".repeat(5000) } });
  const large = blocksOf(`[${Array(9).fill(long).join(",")}]`) as { text: { text: string } }[];
  assert.ok(JSON.stringify(large).length < 13_200);
  assert.match(large.at(-1)?.text.text ?? "", /… and \d more blocks/);
  assert.equal(large[1]?.text.text.length, 3000);
});

test("a title is text", () => {
  const [block] = templateBlocks({ title: "<!channel> & co", description: "", url: null });
  assert.deepEqual(block, { type: "section", text: { type: "mrkdwn", text: "*&lt;!channel&gt; &amp; co*" } });
});
