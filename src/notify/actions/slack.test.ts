import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { composeMessage } from "../message.ts";
import { answering, endless, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering } from "../receiver.fixture.ts";
import { confirmed, regional, scenes, trigger } from "../scenes.fixture.ts";
import { slack } from "./slack.ts";

interface Text {
  readonly text: string;
}
interface Payload {
  readonly text: string;
  readonly blocks: readonly {
    readonly type: string;
    readonly text?: Text;
    readonly elements?: readonly Text[];
  }[];
}

async function post(message: Message, answer: Answering, signal: AbortSignal): Promise<string> {
  await using receiver = await startReceiver(answer);
  const settings = slack.settings.parse({
    type: "slack",
    name: "slack",
    url: `${receiver.url}/services/T/B/key`,
  });
  await slack.send(message, settings, { signal, thread: null });
  return receiver.received[0]?.body ?? "";
}

async function payloadOf(message: Message, signal: AbortSignal): Promise<Payload> {
  return JSON.parse(await post(message, answering(200, "ok"), signal)) as Payload;
}

function textsOf({ text, blocks }: Payload): string[] {
  return [
    text,
    ...blocks.flatMap((block) => [block.text, ...(block.elements ?? [])].flatMap((part) => part?.text ?? [])),
  ];
}

test("a message reads as in testdata/slack-regional.json", async (t) => {
  const payload = await payloadOf(composeMessage(regional), t.signal);
  t.assert.fileSnapshot(payload, fileURLToPath(new URL("../testdata/slack-regional.json", import.meta.url)));
});

test("every message begins with its first line, as text and as header", async (t) => {
  const symbols = new Set<string>();
  for (const scene of Object.values(scenes)) {
    const message = composeMessage(scene);
    const { text, blocks } = await payloadOf(message, t.signal);
    assert.equal(text, message.firstLine);
    const [symbol = "", ...words] = (blocks[0]?.text?.text ?? "").split(" ");
    assert.equal(words.join(" "), message.firstLine);
    symbols.add(symbol);
  }
  assert.deepEqual(
    [...symbols].toSorted(),
    ["☑️", "⏳", "⚠️", "✅", "❌", "❓", "📋", "🔎", "🔧", "🧪"].toSorted(),
  );
});

test("what a digest lists has a link each, made by us", async (t) => {
  const { blocks } = await payloadOf(composeMessage(scenes["digest"]!), t.signal);
  const link = "<https://crosscheck.example/incidents/01932f5e-7b6a-7000-8000-000000000001|Incident>";
  assert.equal(
    blocks[1]?.text?.text,
    `• spared: https://shop.example, route confirm-page, 03:02Z  ${link}\n• apac could not look in 3 of 40 checks`,
  );
});

const hostile: Readonly<Record<string, string>> = {
  "mentions and links": "<!channel> <https://evil.example|click> & ".repeat(200),
  ampersands: "&".repeat(5000),
  quotes: '"\\'.repeat(5000),
  emoji: "🔥".repeat(5000),
};

for (const [what, text] of Object.entries(hostile))
  test(`${what} stay text and within Slack's limits`, async (t) => {
    const message = composeMessage({
      ...confirmed,
      incident: { ...confirmed.incident, subject: text },
      observations: Array.from({ length: 200 }, (_, index) => ({
        ...confirmed.observations[0]!,
        location: `location-${index}`,
        message: text,
      })),
      verdict: {
        ...confirmed.verdict!,
        summary: text,
        notTested: Array(50).fill(text),
        checks: [],
        evidence: Array.from({ length: 40 }, (_, index) => ({
          check: "storefront",
          location: `location-${index}`,
          command: `curl ${index} '${text.slice(0, 300).trim()}'`,
          changes: [`${index}: ${text}`],
        })),
      },
      contrasts: Array.from({ length: 40 }, (_, index) => ({
        check: "storefront",
        location: `location-${index}`,
        factor: "address" as const,
        value: `${index} ${text}`,
        outcome: "pass" as const,
        errorClass: null,
        message: "",
      })),
      plan: { ...confirmed.plan!, runbook: `https://wiki.example/?q=${encodeURIComponent(text)}` },
    });
    const payload = await payloadOf(message, t.signal);
    const { blocks } = payload;
    const [header, ...rest] = blocks;
    assert.equal(header?.type, "header");
    assert.ok((header?.text?.text.length ?? 0) <= 150);
    assert.ok(blocks.length <= 50);
    const texts = textsOf(payload);
    assert.ok(texts.join("").length < 13_000, String(texts.join("").length));
    for (const text of texts) assert.ok(text.length <= 3000 && text.isWellFormed());
    for (const block of rest) {
      const marked = (block.text?.text ?? "").replaceAll(/<https:\/\/[^<>]*\|(Runbook|Incident)>/g, "");
      assert.doesNotMatch(marked, /[<>]|&(?!amp;|lt;|gt;)/);
    }
    assert.match(texts.join("\n"), /… and \d+ more locations/);
  });

test("a template's blocks stand under its title", async (t) => {
  const rendered = { title: "Scan", description: '{"type":"divider"},', url: null };
  const message = composeMessage({ ...trigger, rendered });
  const { text, blocks } = await payloadOf(message, t.signal);
  assert.equal(text, message.firstLine);
  assert.deepEqual(
    blocks.map(({ type }) => type),
    ["section", "divider"],
  );
  const wrong = { ...rendered, description: "<h1>Scan</h1>" };
  await assert.rejects(payloadOf(composeMessage({ ...trigger, rendered: wrong }), t.signal), {
    name: "DeliveryError",
    permanent: true,
    message: /template does not write blocks for Slack: what it writes is no JSON/,
  });
});

test("an answer but `ok` is a failure", async (t) => {
  const cases: readonly [
    what: string,
    answer: Answering,
    message: RegExp,
    permanent: boolean,
    retryAfterMs?: number,
  ][] = [
    ["another text", answering(200, "accepted"), /^answered 200, but not as one .*: accepted$/, false],
    ["no text", answering(200), /^answered 200, but not as one that has taken the message$/, false],
    ["a login page", answering(200, "<html>ok</html>"), /<html>/, false],
    ["endless text", endless, /^answered 200/, false],
    ["another status", answering(202, "ok"), /^answered 202/, false],
    [
      "too many",
      answering(429, "rate_limited", { "retry-after": "30" }),
      /^answered 429: rate_limited$/,
      false,
      30_000,
    ],
    ["bad blocks", answering(400, "invalid_payload"), /^answered 400: invalid_payload$/, true],
    ["no text given", answering(400, "no_text"), /^answered 400: no_text$/, true],
    ["not allowed", answering(403, "action_prohibited"), /^answered 403: action_prohibited$/, true],
    ["bad token", answering(403, "invalid_token"), /^answered 403: invalid_token$/, true],
    ["hook gone", answering(404, "no_service"), /^answered 404: no_service$/, true],
    ["no channel", answering(404, "channel_not_found"), /^answered 404: channel_not_found$/, true],
    ["archived", answering(410, "channel_is_archived"), /^answered 410: channel_is_archived$/, true],
    ["broken", answering(500, "rollup_error"), /^answered 500: rollup_error$/, false],
    ["away", answering(503, "", { "retry-after": "5" }), /^answered 503$/, false, 5000],
    [
      "a redirect",
      answering(302, "", { location: "https://elsewhere.example" }),
      /^answered 302, a redirect/,
      false,
    ],
    ["reset", resetting, /^the request failed$/, false],
  ];
  const message = composeMessage(confirmed);
  for (const [what, answer, text, permanent, retryAfterMs] of cases)
    await assert.rejects(post(message, answer, t.signal), (error) => {
      assert.ok(error instanceof DeliveryError, what);
      assert.match(error.message, text, what);
      assert.equal(error.permanent, permanent, what);
      assert.equal(error.retryAfterMs, retryAfterMs, what);
      return true;
    });
});
