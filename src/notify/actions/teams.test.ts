import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { Secret } from "../../model/secret.ts";
import { composeMessage } from "../message.ts";
import { answering, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering } from "../receiver.fixture.ts";
import { confirmed, regional, scenes, trigger } from "../scenes.fixture.ts";
import { teams } from "./teams.ts";

interface Element {
  readonly type: string;
  readonly text?: string;
  readonly inlines?: readonly { readonly type: string; readonly text: string }[];
}
interface Payload {
  readonly type: string;
  readonly attachments: readonly {
    readonly contentType: string;
    readonly content: {
      readonly type: string;
      readonly body: readonly Element[];
      readonly actions: readonly { readonly type: string; readonly url: string }[];
    };
  }[];
}

/** A workflow with a webhook trigger: 202 for a card in a message of at most 28 KB. */
const speakingWorkflow: Answering = (response, { body }) => {
  const { type, attachments } = JSON.parse(body) as Payload;
  const isCard = attachments.every(
    ({ contentType, content }) =>
      contentType === "application/vnd.microsoft.card.adaptive" && content.type === "AdaptiveCard",
  );
  const status = Buffer.byteLength(body) > 28_000 ? 413 : type === "message" && isCard ? 202 : 400;
  response.writeHead(status).end();
};

async function send(message: Message, signal: AbortSignal, answer = speakingWorkflow): Promise<Payload> {
  await using receiver = await startReceiver(answer);
  const url = `${receiver.url}/workflows/1/triggers/manual/paths/invoke?sig=s3cret`;
  const settings = teams.settings.parse({ type: "teams", name: "t", url });
  await teams.send(message, settings, { signal, thread: null });
  return JSON.parse(receiver.received[0]?.body ?? "") as Payload;
}

function cardOf({ attachments }: Payload) {
  const [attachment] = attachments;
  assert.ok(attachment !== undefined);
  return attachment.content;
}

function textsOf(payload: Payload): string[] {
  return cardOf(payload).body.flatMap(({ text, inlines }) => text ?? inlines?.map((run) => run.text) ?? []);
}

test("a card is as in testdata/teams-regional.json", async (t) => {
  const payload = await send(composeMessage(regional), t.signal);
  const file = fileURLToPath(new URL("../testdata/teams-regional.json", import.meta.url));
  t.assert.fileSnapshot(payload, file);
});

test("every message begins with its first line", async (t) => {
  for (const scene of Object.values(scenes)) {
    const message = composeMessage(scene);
    assert.equal(textsOf(await send(message, t.signal))[0], message.firstLine);
  }
});

const hostile: Readonly<Record<string, string>> = {
  Markdown: "[click](https://evil.example) **bold** <at>everyone</at> ".repeat(200),
  quotes: '"\\'.repeat(5000),
  emoji: "🔥".repeat(5000),
  Chinese: "障".repeat(5000),
};

for (const [what, text] of Object.entries(hostile))
  test(`${what} stay text and within Teams' limit`, async (t) => {
    const message = composeMessage({
      ...confirmed,
      incident: { ...confirmed.incident, subject: text, route: text.slice(0, 60) },
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
    const payload = await send(message, t.signal);
    const { body, actions } = cardOf(payload);
    for (const { type } of body) assert.equal(type, "RichTextBlock");
    for (const text of textsOf(payload)) assert.ok(text.isWellFormed());
    assert.deepEqual(
      actions.map(({ url }) => new URL(url).hostname),
      ["crosscheck.example"],
    );
    assert.match(textsOf(payload).join("\n"), /… and \d+ more locations/);
  });

test("a template's title and text stand in the card", async (t) => {
  const rendered = { title: "Scan of img", description: "**37** CVEs", url: null };
  const payload = await send(composeMessage({ ...trigger, rendered }), t.signal);
  assert.deepEqual(textsOf(payload), ["Scan of img", "**37** CVEs"]);
  assert.equal(cardOf(payload).body[1]?.type, "TextBlock");
  for (const description of ["🔥".repeat(20_000), "\u0001".repeat(20_000), '"\n'.repeat(20_000)])
    await send(
      composeMessage({ ...trigger, rendered: { ...rendered, title: description, description } }),
      t.signal,
    );
});

test("202 and 200 are success, anything else is a failure", async (t) => {
  const message = composeMessage(confirmed);
  for (const status of [200, 202]) await send(message, t.signal, answering(status, "1"));
  const cases: readonly [answer: Answering, permanent: boolean, retryAfterMs?: number][] = [
    [answering(204), false],
    [answering(302, "", { location: "/" }), false],
    [answering(400, '{"error":{"code":"TriggerInputSchemaMismatch"}}'), true],
    [answering(401, "DirectApiAuthorizationRequired"), true],
    [answering(404, "WorkflowNotFound"), true],
    [answering(413), true],
    [answering(429, "", { "retry-after": "12" }), false, 12_000],
    [answering(502), false],
    [resetting, false],
  ];
  for (const [answer, permanent, retryAfterMs] of cases)
    await assert.rejects(send(message, t.signal, answer), (error) => {
      assert.ok(error instanceof DeliveryError);
      assert.equal(error.permanent, permanent, error.message);
      assert.equal(error.retryAfterMs, retryAfterMs);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
});

test("connectors are refused: when they are written, and when a reference turns out to be one", async (t) => {
  const retired = [
    "https://shop.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
    "https://outlook.office.com/webhook/a@b/IncomingWebhook/c/d",
    "https://outlook.office365.com/webhook/a",
  ];
  for (const url of retired) {
    assert.throws(
      () => teams.settings.parse({ type: "teams", name: "t", url }),
      /has retired Office 365 connectors/,
      url,
    );
    const settings = teams.settings.parse({ type: "teams", name: "t", url: "$URL" });
    const revealed = { ...settings, url: new Secret(url) };
    await assert.rejects(
      async () => teams.send(composeMessage(confirmed), revealed, { signal: t.signal, thread: null }),
      { message: /has retired/, permanent: true },
    );
  }
  teams.settings.parse({
    type: "teams",
    name: "t",
    url: "https://prod.westeurope.logic.azure.com/workflows/1",
  });
});
