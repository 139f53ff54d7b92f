import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import { eventText } from "../event-text.ts";
import { alert } from "../facts.fixture.ts";
import { composeMessage } from "../message.ts";
import type { Message } from "../../model/message.ts";
import { answering, breakingOff, endless, hanging, resetting, startReceiver } from "../receiver.fixture.ts";
import type { Answering, Received } from "../receiver.fixture.ts";
import { regional, scenes, trigger } from "../scenes.fixture.ts";
import { http } from "./http.ts";

const arrival = composeMessage(trigger);

interface Call {
  readonly message?: Message;
  readonly answer?: Answering;
  readonly signal: AbortSignal;
}

async function call(
  keys: object,
  { message = arrival, answer = answering(200), signal }: Call,
): Promise<Received> {
  await using receiver = await startReceiver(answer);
  const settings = http.settings.parse({
    type: "http",
    name: "a",
    method: "POST",
    url: receiver.url,
    ...keys,
  });
  await http.send(message, settings, { signal, thread: null });
  const [got] = receiver.received;
  assert.ok(got !== undefined);
  return got;
}

function about(body: string): Message {
  return composeMessage({ ...trigger, alert: { ...alert, body: Buffer.from(body) } });
}

function posteeEvent({ headers }: Received): string {
  return Buffer.from(String(headers["postee-event"]), "base64").toString();
}

function linesOf({ rawHeaders }: Received, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1] === name);
}

test("a call without a body, as Postee makes it", async (t) => {
  const got = await call({ method: "post" }, t);
  assert.equal(got.method, "POST");
  assert.equal(got.body, "");
  assert.equal(got.headers["content-length"], "0");
  assert.equal(got.headers["content-type"], undefined);
  assert.equal(posteeEvent(got), '{\n "ServiceURL": {\n  "Reachable": "false"\n }\n}');
  assert.equal(got.headers["idempotency-key"], arrival.id);
});

test("the event is a template's text when there is one, and the webhook's JSON for a verdict", async (t) => {
  const rendered = { title: "t", description: "down: <b>é</b>", url: null };
  assert.equal(
    posteeEvent(await call({}, { message: { ...arrival, rendered }, signal: t.signal })),
    "down: <b>é</b>",
  );
  const message = composeMessage(regional);
  const got = await call({ "body-content": "event.input" }, { message, signal: t.signal });
  assert.equal(got.body, eventText(message));
});

test("every event can be told", async (t) => {
  for (const scene of Object.values(scenes))
    await call({ "body-content": "event.input" }, { message: composeMessage(scene), signal: t.signal });
});

test("an empty event is an empty header, one too long for a header is in the body only", async (t) => {
  const empty = await call({ "body-content": "x" }, { message: about(""), signal: t.signal });
  assert.deepEqual(linesOf(empty, "Postee-Event"), [""]);
  const fitting = "x".repeat(6000);
  const fits = await call({}, { message: about(fitting), signal: t.signal });
  assert.equal(posteeEvent(fits), fitting);
  const longer = await call(
    { "body-content": "event.input" },
    { message: about(`${fitting}y`), signal: t.signal },
  );
  assert.deepEqual(linesOf(longer, "Postee-Event"), []);
  assert.equal(longer.body, `${fitting}y`);
});

test("headers are sent as they are written, one line for each value", async (t) => {
  const headers = {
    Fookey: ["bar", "baz"],
    "Content-Type": "text/plain",
    "User-Agent": "mine",
    "idempotency-key": "own",
    Host: "shop.example",
  };
  const got = await call({ headers }, t);
  assert.deepEqual(linesOf(got, "Fookey"), ["bar", "baz"]);
  assert.equal(got.headers["content-type"], "text/plain");
  assert.equal(got.headers["user-agent"], "mine");
  assert.equal(got.headers["idempotency-key"], "own");
  assert.equal(got.headers.host, "shop.example");
});

test("body-content is filled from the event, with any method", async (t) => {
  const keys = {
    method: "GET",
    "body-content": "argsNum: event.input.argsNum\neventID: event.input.eventID",
  };
  const got = await call(keys, { message: about('{"argsNum": 2, "eventID": "TRC-2"}'), signal: t.signal });
  assert.equal(got.method, "GET");
  assert.equal(got.body, "argsNum: 2\neventID: TRC-2");
  const json = await call(
    { "body-content": '{"a":"event.input.eventID","é":event.input.argsNum}' },
    { message: about('{"argsNum": 2, "eventID": "\\"TRC\\""}'), signal: t.signal },
  );
  assert.deepEqual(JSON.parse(json.body), { a: '"TRC"', é: 2 });
});

test("body-file is sent as it is, and read for every call", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-http-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "body.txt");
  await assert.rejects(call({ "body-file": file }, t), {
    permanent: false,
    message: `body-file ${file} cannot be read`,
  });
  await writeFile(file, "event.input foo");
  assert.equal((await call({ "body-file": file }, t)).body, "event.input foo");
});

test("200 to 299 is success, whatever comes with it", async (t) => {
  for (const answer of [
    answering(200, "ok"),
    answering(201),
    answering(204),
    answering(299, "no"),
    endless,
    breakingOff,
  ])
    await call({}, { answer, signal: t.signal });
});

test("anything else is a failure", async (t) => {
  const cases: readonly (readonly [
    answer: Answering,
    message: RegExp,
    permanent: boolean,
    retryAfterMs?: number,
  ])[] = [
    [answering(302, "", { location: "/" }), /^answered 302, a redirect, which is not followed$/, false],
    [answering(308, "", { location: "/" }), /^answered 308, a redirect/, true],
    [answering(404, "no such\n thing"), /^answered 404: no such thing$/, true],
    [answering(429, "", { "retry-after": "7" }), /^answered 429$/, false, 7000],
    [answering(500, "boom"), /^answered 500: boom$/, false],
    [resetting, /^the request failed$/, false],
  ];
  for (const [answer, message, permanent, retryAfterMs] of cases)
    await assert.rejects(call({}, { answer, signal: t.signal }), (error) => {
      assert.ok(error instanceof DeliveryError);
      assert.match(error.message, message);
      assert.deepEqual([error.permanent, error.retryAfterMs], [permanent, retryAfterMs]);
      return true;
    });
});

test("a call ends when its time is up, or the server's", async (t) => {
  const slow = call({ timeout: "50ms" }, { answer: hanging, signal: t.signal });
  await assert.rejects(slow, { message: "the request failed", permanent: false });
  const stopped = call({}, { signal: AbortSignal.abort(new Error("stopping")) });
  await assert.rejects(stopped, { message: "the request failed", permanent: false });
});

test("a header that HTTP does not allow is permanent, and not shown", async (t) => {
  const error = await call({ headers: { a: "se\ncret" } }, t).catch((error: unknown) => error);
  assert.ok(error instanceof DeliveryError);
  assert.equal(error.message, "a header has characters that HTTP does not allow");
  assert.equal(error.permanent, true);
  assert.equal(error.cause, undefined);
});

const hook = { type: "http", name: "a", method: "POST", url: "https://x.example" };

test("settings are refused with a reason", () => {
  const cases: readonly (readonly [keys: object, path: string, message: RegExp])[] = [
    [{ method: undefined }, "method", /expected string/],
    [{ timeout: "0s" }, "timeout", /write a time above 0/],
    [{ method: "CONNECT" }, "method", /write a method of HTTP, such as POST/],
    [{ url: "ftp://x.example" }, "url", /not an address to post to/],
    [{ "body-file": "a", "body-content": "b" }, "body-content", /both there: leave one out/],
    [
      { "body-content": "x event.input.a.@pretty" },
      "body-content",
      /^event\.input\.a\.@pretty cannot be filled/,
    ],
    [{ headers: { "Content-Length": "1" } }, "headers.Content-Length", /leave it out/],
    [{ headers: { a: 1 } }, "headers.a", /./],
  ];
  for (const [keys, path, message] of cases) {
    const [issue] = http.settings.safeParse({ ...hook, ...keys }).error?.issues ?? [];
    assert.equal(issue?.path.join("."), path, JSON.stringify(keys));
    const nested = issue?.code === "invalid_key" ? issue.issues[0]?.message : issue?.message;
    assert.match(nested ?? "", message);
  }
});

test("settings are written back as they were read", () => {
  const written = {
    ...hook,
    enable: true,
    fallback: [],
    timeout: "3s",
    concurrency: 5,
    rate: "20/m",
    headers: { a: "$A", b: ["c", "file:d"] },
    "body-content": "event.input",
    check: true,
    assertions: [{ source: "body", comparison: "contains", target: "x" }],
  };
  assert.deepEqual(z.encode(http.settings, http.settings.parse(written)), written);
});
