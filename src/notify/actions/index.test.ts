import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { DeliveryError, describeError } from "../../model/errors.ts";
import { composeMessage } from "../message.ts";
import { echoing, hanging, resetting, startReceiver } from "../receiver.fixture.ts";
import { confirmed } from "../scenes.fixture.ts";
import type { ActionSettings, ActionType } from "../action-type.ts";
import { actionSettings, actionTypeByName, actionTypes } from "./index.ts";

const message = composeMessage(confirmed);
const secrets = ["k3yk3yk3yk3y", "t0kent0kent0ken"];

/** What each action needs to post to `url`. Those that post nowhere are not here. */
function keysOf(url: string): Readonly<Record<string, object>> {
  const recipients = ["ops@shop.example"];
  const [user, sender] = ["crosscheck", "crosscheck@shop.example"];
  // A mail server speaks first, which these receivers do not.
  const server = { host: "127.0.0.1", port: Number(URL.parse(url)?.port), timeout: "50ms" };
  return {
    slack: { url: `${url}/services/T/B/k3yk3yk3yk3y` },
    "slack bot": { type: "slack", token: "xoxb-t0kent0kent0ken", channel: "C1", "api-url": url },
    teams: { url: `${url}/workflows/invoke?sig=k3yk3yk3yk3y` },
    email: { ...server, user, sender, recipients, password: "k3yk3yk3yk3y" },
    pagerduty: { "routing-key": "k3yk3yk3yk3y".padEnd(32, "0"), url },
    opsgenie: { "api-key": "t0kent0kent0ken", url },
    webhook: { url: `${url}/k3yk3yk3yk3y`, headers: { authorization: "Bearer t0kent0kent0ken" } },
    http: {
      url: `${url}/k3yk3yk3yk3y`,
      method: "POST",
      headers: { authorization: ["Bearer t0kent0kent0ken"] },
    },
  };
}

async function failureOf(
  what: string,
  { url, timeout = "10s" }: { readonly url: string; readonly timeout?: string },
  signal: AbortSignal,
): Promise<DeliveryError> {
  const settings: ActionSettings = actionSettings.parse({
    type: what,
    name: "a",
    timeout,
    ...keysOf(url)[what],
  });
  const action: ActionType | undefined = actionTypeByName.get(settings.type);
  assert.ok(action !== undefined);
  return await action.send(message, settings, { signal, thread: null }).then(
    () => assert.fail("it was taken"),
    (error: unknown) => (assert.ok(error instanceof DeliveryError), error),
  );
}

for (const type of Object.keys(keysOf("")))
  test(`${type}: no failure shows a secret`, async (t) => {
    await using receivers = new AsyncDisposableStack();
    const echo = receivers.use(await startReceiver(echoing));
    const reset = receivers.use(await startReceiver(resetting));
    const hang = receivers.use(await startReceiver(hanging));
    const failures = await Promise.all([
      failureOf(type, echo, t.signal),
      failureOf(type, reset, t.signal),
      failureOf(type, { url: hang.url, timeout: "50ms" }, t.signal),
      failureOf(type, hang, AbortSignal.abort(new Error("stopping"))),
      failureOf(type, { url: "http://127.0.0.1:1" }, t.signal),
    ]);
    for (const failure of failures)
      for (const secret of secrets)
        assert.ok(!`${describeError(failure)} ${failure.stack}`.includes(secret), describeError(failure));
  });

test("every action that posts is in the leak test", () => {
  const posting = actionTypes.map(({ name }) => name).filter((name) => name !== "stdout" && name !== "exec");
  assert.deepEqual(
    Object.keys(keysOf("")).filter((what) => actionTypeByName.has(what)),
    posting,
  );
});

test("what wakes people is a pager", () => {
  const pagers = actionTypes.filter(({ kind }) => kind === "pager").map(({ name }) => name);
  assert.deepEqual(pagers, ["pagerduty", "opsgenie"]);
});

test("what all actions have in common has defaults", () => {
  assert.deepEqual(actionSettings.parse({ type: "stdout", name: "here" }), {
    type: "stdout",
    name: "here",
    enable: true,
    fallback: [],
    timeout: 10_000,
    concurrency: 20,
  });
});

test("settings are refused with a reason", () => {
  const hook = { type: "webhook", name: "a", url: "https://example.com" };
  const pager = { type: "pagerduty", name: "a", "routing-key": "$KEY" };
  const cases: readonly [written: object, path: string, message: RegExp][] = [
    [{ type: "slack", name: "a" }, "url", /write either url, .* or token and channel/],
    [{ type: "slack", name: "a", url: "hooks.slack.com" }, "url", /not an address to post to/],
    [{ type: "pagerduty", name: "a" }, "routing-key", /write routing-key, once/],
    [{ type: "pagerduty", name: "a", "routing-key": "short" }, "routing-key", /the 32 characters/],
    [{ ...pager, "pagerduty-routing-key": "$KEY" }, "routing-key", /write routing-key, once/],
    [{ ...pager, "dedup-key": "input.[" }, "dedup-key", /^Rego in dedup-key: unexpected \[ token/],
    [{ ...pager, "dedup-key": "" }, "dedup-key", /^Rego in dedup-key: /],
    [{ ...pager, url: "events.pagerduty.com" }, "url", /./],
    [{ type: "opsgenie", name: "a" }, "api-key", /write api-key, once/],
    [{ type: "pigeon", name: "a" }, "type", /Invalid/],
    [{ ...hook, colour: "red" }, "", /colour/],
    [{ ...hook, timeout: 10 }, "timeout", /expected string/],
    [{ ...hook, secret: "whsec_c2hvcnQ=" }, "secret", /whsec_ and the base64 of 24 to 64 bytes/],
    [{ ...hook, secret: "hush" }, "secret", /whsec_ and the base64 of 24 to 64 bytes/],
    [{ ...hook, headers: { "two words": "x" } }, "headers.two words", /./],
  ];
  for (const [written, path, reason] of cases) {
    const [issue] = actionSettings.safeParse(written).error?.issues ?? [];
    assert.equal(issue?.path.join("."), path, JSON.stringify(written));
    assert.match(issue?.message ?? "", reason);
  }
});

test("settings are written back as they were read", () => {
  const pager = {
    type: "pagerduty",
    name: "a",
    enable: true,
    fallback: [],
    timeout: "3s",
    concurrency: 20,
    "routing-key": "$KEY",
    "dedup-key": "input.id",
    url: "https://events.pagerduty.com",
  };
  assert.deepEqual(z.encode(actionSettings, actionSettings.parse(pager)), pager);
  const written = {
    type: "webhook",
    name: "a",
    url: "$URL",
    headers: { a: "file:b" },
    secret: "$KEY",
    timeout: "3s",
  };
  const all = { ...written, enable: true, fallback: [], concurrency: 20 };
  assert.deepEqual(z.encode(actionSettings, actionSettings.parse(written)), all);
});
