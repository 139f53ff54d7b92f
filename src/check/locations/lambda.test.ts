import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startFaultServer, type FaultServer } from "../../../test/fixtures/fault-server.ts";
import { pass } from "../../../test/fixtures/observations.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import { DeadlineError } from "../../model/errors.ts";
import type { Location } from "../location-type.ts";
import { lambda } from "./lambda.ts";

const signal = () => AbortSignal.timeout(60_000);

function open(settings: object): Promise<Location> {
  return lambda.open(lambda.settings.parse({ type: "lambda", name: "eu", ...settings }));
}

interface Reply {
  readonly status: number;
  readonly body?: string;
}

const answer = { version: 1, observation: pass("") };
const ok: Reply = { status: 200, body: JSON.stringify(answer) };

/** Gives these replies in turn, the last again and again. */
function startFunction(...replies: readonly Reply[]): Promise<FaultServer> {
  let asked = 0;
  return startFaultServer({
    routes: {
      "/": (_, response) => {
        const reply = replies[Math.min(asked, replies.length - 1)];
        asked += 1;
        response.writeHead(reply?.status ?? 500).end(reply?.body);
      },
    },
  });
}

suite("a function that does not do its work", () => {
  const cases: { name: string; replies: Reply[]; errorClass: string; message: RegExp; times?: number }[] = [
    {
      name: "400",
      replies: [{ status: 400, body: '{"detail": "no type icmp"}' }],
      errorClass: "location.request",
      message: /^the function answered 400: no type icmp$/,
    },
    {
      name: "401",
      replies: [{ status: 401 }],
      errorClass: "location.unauthorized",
      message: /401; is its CROSSCHECK_TOKEN the one in `token:`\?$/,
    },
    {
      name: "403",
      replies: [{ status: 403, body: '{"Message":"Forbidden"}' }],
      errorClass: "location.unauthorized",
      message: /403; callers need both lambda:InvokeFunctionUrl and lambda:InvokeFunction/,
    },
    {
      name: "404",
      replies: [{ status: 404 }],
      errorClass: "location.protocol",
      message: /is its URL right\?$/,
    },
    {
      name: "429 and 429",
      replies: [{ status: 429 }],
      errorClass: "location.throttled",
      message: /429, twice; has it enough concurrency\?$/,
      times: 2,
    },
    {
      name: "500 and 500",
      replies: [{ status: 500 }],
      errorClass: "location.protocol",
      message: /answered 500$/,
      times: 2,
    },
    {
      name: "502",
      replies: [{ status: 502, body: "Internal Server Error" }],
      errorClass: "location.bug",
      message: /502 after \d+\.\d s: it crashed, could not start, or ran out of time or memory; its log/,
    },
    {
      name: "504",
      replies: [{ status: 504 }],
      errorClass: "location.timeout",
      message: /504 after \d+\.\d s: it ran out of time; its timeout has to be the run's deadline and 2 s$/,
    },
    { name: "302", replies: [{ status: 302 }], errorClass: "location.protocol", message: /answered 302$/ },
    {
      name: "the walkthrough's sentence",
      replies: [{ status: 200, body: "aquasec.com is up! at 2026-11-22" }],
      errorClass: "location.protocol",
      message:
        /^this URL answers \("aquasec\.com is up! at 2026-11-22"\), but it is not Crosscheck's function: deploy /,
    },
    {
      name: "some other JSON",
      replies: [{ status: 200, body: '{"version": 1}' }],
      errorClass: "location.protocol",
      message: /it is not Crosscheck's function/,
    },
    {
      name: "another version",
      replies: [{ status: 200, body: JSON.stringify({ ...answer, version: 2 }) }],
      errorClass: "location.protocol",
      message: /the function cannot be understood: its answer is not of version 1/,
    },
    {
      name: "half an observation",
      replies: [{ status: 200, body: '{"version": 1, "observation": {}}' }],
      errorClass: "location.protocol",
      message: /the function cannot be understood: its answer is not the probe protocol: observation\./,
    },
  ];
  for (const { name, replies, errorClass, message, times = 1 } of cases) {
    test(name, async () => {
      await using server = await startFunction(...replies);
      await using eu = await open({ url: server.url });
      await assert.rejects(eu.ask(probeRequestFor("http://x/"), signal()), {
        name: "LocationError",
        errorClass,
        message,
      });
      assert.equal(server.requests.length, times);
    });
  }

  test("refuses", async () => {
    const gone = await startTcpServer();
    await gone[Symbol.asyncDispose]();
    await using eu = await open({ url: `http://127.0.0.1:${gone.port}/` });
    await assert.rejects(eu.ask(probeRequestFor("http://x/"), signal()), {
      errorClass: "location.unreachable",
      message: /^the function cannot be reached: .*ECONNREFUSED/,
    });
  });

  test("is throttled when time is up", async (context) => {
    await using server = await startFunction({ status: 429 }, ok);
    await using eu = await open({ url: server.url });
    const limit = new AbortController();
    // The pause before it is asked again is of a random length: time is up as soon as there is one.
    context.mock.method(Math, "random", () => {
      queueMicrotask(() => {
        limit.abort(new DeadlineError(60));
      });
      return 1;
    });
    await assert.rejects(eu.ask(probeRequestFor("http://x/"), limit.signal), {
      errorClass: "location.timeout",
      message: /no answer within 60 ms/,
    });
    assert.equal(server.requests.length, 1);
  });
});

suite("a function that works", () => {
  for (const status of [429, 500, 503]) {
    test(`after ${status}`, async () => {
      await using server = await startFunction({ status }, ok);
      await using eu = await open({ url: server.url });
      assert.deepEqual(await eu.ask(probeRequestFor("http://x/"), signal()), answer.observation);
      assert.equal(server.requests.length, 2);
    });
  }

  test("is shown the token, or nothing", async () => {
    await using server = await startFunction(ok);
    await using guarded = await open({ url: server.url, auth: "bearer", token: "let me in" });
    await guarded.ask(probeRequestFor("http://x/"), signal());
    await using open_ = await open({ url: server.url });
    await open_.ask(probeRequestFor("http://x/"), signal());
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.authorization),
      ["Bearer let me in", undefined],
    );
  });
});

suite("the failure domain", () => {
  const url = "https://abc123.lambda-url.eu-west-1.on.aws/";
  const cases: { name: string; settings: object; domain: string }[] = [
    { name: "is the region", settings: { url }, domain: "aws:eu-west-1" },
    { name: "is the name behind another host", settings: { url: "https://checks.example/" }, domain: "eu" },
    { name: "is what one says it is", settings: { url, domain: "europe" }, domain: "europe" },
  ];
  for (const { name, settings, domain } of cases) {
    test(name, async () => {
      await using location = await open(settings);
      assert.equal(location.domain, domain);
    });
  }
});

suite("settings", () => {
  const url = "https://abc.lambda-url.eu-west-1.on.aws/";
  const refused: { name: string; settings: object; path: string; message: RegExp }[] = [
    {
      name: "http elsewhere",
      settings: { url: "http://abc.example/" },
      path: "url",
      message: /this machine only/,
    },
    { name: "no URL", settings: { url: "abc" }, path: "url", message: /./ },
    {
      name: "bearer without a token",
      settings: { url, auth: "bearer" },
      path: "token",
      message: /needs the/,
    },
    {
      name: "a token that nobody shows",
      settings: { url, token: "x" },
      path: "token",
      message: /auth: bearer/,
    },
    { name: "signed calls", settings: { url, auth: "aws-iam" }, path: "auth", message: /cannot make yet/ },
    { name: "something else", settings: { url, auth: "basic" }, path: "auth", message: /none/ },
  ];
  for (const { name, settings, path, message } of refused) {
    test(`refuse ${name}`, () => {
      const { error } = lambda.settings.safeParse({ type: "lambda", name: "eu", ...settings });
      assert.deepEqual(
        error?.issues.map((issue) => issue.path.join(".")),
        [path],
      );
      assert.match(error?.issues[0]?.message ?? "", message);
    });
  }

  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    test(`take http://${host}`, () => {
      assert(lambda.settings.safeParse({ type: "lambda", name: "eu", url: `http://${host}:9/` }).success);
    });
  }
});
