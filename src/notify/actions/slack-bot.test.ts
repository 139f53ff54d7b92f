import assert from "node:assert/strict";
import { test } from "node:test";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { Secret } from "../../model/secret.ts";
import { composeMessage } from "../message.ts";
import { answering, echoing, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering } from "../receiver.fixture.ts";
import { confirmed, recovered, scenes, spared, trigger } from "../scenes.fixture.ts";
import { SlackApi } from "./slack.fixture.ts";
import { slack } from "./slack.ts";

/** An incident's messages as an action is given them; those that fail are tried again by nobody. */
async function tell(
  messages: readonly Message[],
  signal: AbortSignal,
  {
    api,
    thread: before = null,
    channel = "#ops",
  }: { api: SlackApi; thread?: string | null; channel?: string },
): Promise<string | null> {
  await using receiver = await startReceiver(api.answer);
  const written = {
    type: "slack",
    name: "s",
    token: "xoxb-1-t0ken",
    channel,
    "api-url": `${receiver.url}/api/`,
  };
  const settings = slack.settings.parse(written);
  let thread = before;
  for (const message of messages) {
    const left = await slack.send(message, settings, { signal, thread });
    thread ??= left ?? null;
  }
  return thread;
}

const arrival = composeMessage(trigger);
const down = composeMessage(confirmed);
const over = composeMessage(recovered);
const first = { channel: "C1", ts: "1700000000.0" };

test("an incident is one thread, and its first message shows how things stand", async (t) => {
  const api = new SlackApi();
  const thread = await tell([arrival, down, over], t.signal, { api });
  assert.deepEqual(JSON.parse(thread ?? ""), first);
  assert.deepEqual(api.calls, [
    "chat.postMessage",
    "chat.update",
    "chat.postMessage",
    "chat.update",
    "chat.postMessage",
  ]);
  assert.deepEqual(
    api.messages.map(({ text, threadTs }) => [text, threadTs]),
    [
      [over.firstLine, null],
      [down.firstLine, first.ts],
      [over.firstLine, first.ts],
    ],
  );
});

test("bad news is shown in the channel, good news in the thread only", async (t) => {
  const api = new SlackApi();
  await tell([arrival, down, composeMessage(spared), over], t.signal, { api });
  assert.deepEqual(
    api.messages.map(({ isShown }) => isShown),
    [true, true, false, false],
  );
});

test("every message is one that Slack takes", async (t) => {
  const api = new SlackApi();
  await tell(Object.values(scenes).map(composeMessage), t.signal, { api });
  assert.equal(api.messages.length, Object.keys(scenes).length);
});

test("a retry after a failed reply changes the first message again, and replies once", async (t) => {
  const api = new SlackApi();
  const thread = await tell([arrival], t.signal, { api });
  api.refuse = (_, { thread_ts: reply }) => (reply === undefined ? null : resetting);
  await assert.rejects(tell([down], t.signal, { api, thread }), {
    message: "the request failed",
    permanent: false,
  });
  api.refuse = () => null;
  await tell([down], t.signal, { api, thread });
  assert.deepEqual(
    api.messages.map(({ text }) => text),
    [down.firstLine, down.firstLine],
  );
});

const refusing = (error: string, fields: object = {}) =>
  answering(200, JSON.stringify({ ok: false, error, ...fields }));

test("a first message that cannot be changed does not hold up the news", async (t) => {
  const errors = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "is_archived",
    "new_word",
  ];
  for (const error of errors) {
    const api = new SlackApi();
    api.refuse = (method) => (method === "chat.update" ? refusing(error) : null);
    await tell([arrival, down], t.signal, { api });
    assert.deepEqual(
      api.messages.map(({ text }) => text),
      [arrival.firstLine, down.firstLine],
      error,
    );
  }
});

test("but a Slack that is busy is asked again", async (t) => {
  for (const error of ["ratelimited", "internal_error", "fatal_error", "service_unavailable"]) {
    const api = new SlackApi();
    api.refuse = (method) => (method === "chat.update" ? refusing(error) : null);
    await assert.rejects(tell([arrival, down], t.signal, { api }), { permanent: false });
    assert.equal(api.messages.length, 1);
  }
});

test("when the thread is gone, the news is a message of its own", async (t) => {
  const api = new SlackApi();
  api.refuse = (_, { thread_ts: reply }) => (reply === undefined ? null : refusing("thread_not_found"));
  await tell([arrival, down], t.signal, { api });
  assert.deepEqual(
    api.messages.map(({ text, threadTs }) => [text, threadTs]),
    [
      [down.firstLine, null],
      [down.firstLine, null],
    ],
  );
});

test("a thread of another kind of action is none", async (t) => {
  for (const thread of ["crosscheck:1", "{}", '{"channel":1,"ts":2}', "null"]) {
    const api = new SlackApi();
    await tell([down], t.signal, { api, thread });
    assert.deepEqual(api.calls, ["chat.postMessage"]);
  }
});

test("what Slack says decides whether to try again", async (t) => {
  const cases: readonly [
    what: string,
    answer: Answering,
    message: RegExp,
    permanent: boolean,
    retryAfterMs?: number,
  ][] = [
    ["a word", refusing("invalid_auth"), /^Slack answers invalid_auth to chat.postMessage: the token/, true],
    ["no channel", refusing("channel_not_found"), /write the channel's ID/, true],
    ["not invited", refusing("not_in_channel"), /invite the bot to the channel/, true],
    ["archived", refusing("is_archived"), /the channel is archived/, true],
    ["too long", refusing("msg_blocks_too_long"), /msg_blocks_too_long/, true],
    ["blocks", refusing("invalid_blocks"), /invalid_blocks/, true],
    ["a token", refusing("token_revoked"), /token_revoked/, true],
    ["read only", refusing("restricted_action_read_only_channel"), /restricted_action/, true],
    ["a scope", refusing("missing_scope", { needed: "chat:write" }), /lacks a scope \(chat:write\)/, true],
    ["busy", refusing("internal_error"), /internal_error/, false],
    ["unknown", refusing("something_new"), /something_new/, false],
    ["no word", refusing("<html> xoxb-1-t0ken"), /^answered 200, but not as one/, false],
    ["no JSON", answering(200, "ok"), /^answered 200, but not as one .*: ok$/, false],
    ["JSON of another kind", answering(200, "[]"), /^answered 200/, false],
    ["null", answering(200, "null"), /^answered 200/, false],
    [
      "too many",
      answering(429, '{"ok":false,"error":"ratelimited"}', { "retry-after": "30" }),
      /^Slack answers ratelimited/,
      false,
      30_000,
    ],
    ["too many, without a body", answering(429, "", { "retry-after": "1" }), /^answered 429$/, false, 1000],
    ["broken", answering(500, '{"ok":true}'), /^answered 500/, false],
    ["away", answering(503), /^answered 503$/, false],
    ["a quotation", echoing, /^answered 404: Cannot POST/, true],
    ["reset", resetting, /^the request failed$/, false],
  ];
  for (const [what, answer, text, permanent, retryAfterMs] of cases) {
    const api = new SlackApi();
    api.refuse = () => answer;
    await assert.rejects(tell([down], t.signal, { api }), (error) => {
      assert.ok(error instanceof DeliveryError, what);
      assert.match(error.message, text, what);
      assert.doesNotMatch(error.message, /t0ken/);
      assert.equal(error.permanent, permanent, what);
      assert.equal(error.retryAfterMs, retryAfterMs, what);
      return true;
    });
  }
});

test("an answer that does not say where the message stands has still taken it", async (t) => {
  const api = new SlackApi();
  api.refuse = () => answering(200, '{"ok":true}');
  assert.equal(await tell([down], t.signal, { api }), null);
});

test("it is a webhook or a bot, and never half of one", async (t) => {
  const named = { type: "slack", name: "s" };
  const url = "https://hooks.slack.com/services/T/B/k";
  const token = "xoxb-1";
  const wrong: readonly [keys: object, path: string][] = [
    [{}, "url"],
    [{ url, token, channel: "C1" }, "url"],
    [{ url, channel: "C1" }, "url"],
    [{ token }, "channel"],
    [{ channel: "C1" }, "token"],
  ];
  for (const [keys, path] of wrong) {
    const [issue] = slack.settings.safeParse({ ...named, ...keys }).error?.issues ?? [];
    assert.equal(issue?.path.join("."), path, JSON.stringify(keys));
    assert.match(issue?.message ?? "", /either url, .* or token and channel/);
  }
  assert.throws(
    () => slack.settings.parse({ ...named, token: "xoxp-1", channel: "C1" }),
    /begins with xoxb-/,
  );
  const settings = slack.settings.parse({ ...named, token: "$TOKEN", channel: "C1" });
  const revealed = { ...settings, token: new Secret("xoxp-1") };
  await assert.rejects(async () => slack.send(down, revealed, { signal: t.signal, thread: null }), {
    message: "a bot token begins with xoxb-",
    permanent: true,
  });
});
