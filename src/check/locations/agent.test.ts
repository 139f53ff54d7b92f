import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { suite, test } from "node:test";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import { deadline } from "../../deadline.ts";
import { errorObservation } from "../../model/observation.ts";
import type { Location } from "../location-type.ts";
import { agent } from "./agent.ts";

const signal = () => AbortSignal.timeout(60_000);

function open(url: string): Promise<Location> {
  return agent.open(agent.settings.parse({ type: "agent", name: "office", url, token: "let me in" }));
}

const observation = errorObservation({
  check: "storefront",
  location: "",
  errorClass: "location.resolver",
  message: "no",
  startedAt: 1,
  durationMs: 1,
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

function answering(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

suite("an agent that does not do its work", () => {
  const cases: { name: string; answer: Answer; errorClass: string; message: RegExp }[] = [
    {
      name: "401",
      answer: answering(401, '{"detail": "wrong token"}'),
      errorClass: "location.unauthorized",
      message: /401: wrong token; is its token/,
    },
    {
      name: "403",
      answer: answering(403, ""),
      errorClass: "location.unauthorized",
      message: /answered 403; is its token/,
    },
    {
      name: "404",
      answer: answering(404, "<html>"),
      errorClass: "location.protocol",
      message: /answered 404; is its URL right/,
    },
    {
      name: "400",
      answer: answering(400, '{"detail": "no type icmp"}'),
      errorClass: "location.request",
      message: /400: no type icmp$/,
    },
    { name: "429", answer: answering(429, ""), errorClass: "location.throttled", message: /429/ },
    {
      name: "503",
      answer: answering(503, '{"detail": "hung"}'),
      errorClass: "location.protocol",
      message: /503: hung/,
    },
    {
      name: "a redirect",
      answer: answering(302, "", { location: "http://127.0.0.1:1/" }),
      errorClass: "location.protocol",
      message: /302/,
    },
    {
      name: "no JSON",
      answer: answering(200, "<html>"),
      errorClass: "location.protocol",
      message: /is not JSON/,
    },
    {
      name: "another version",
      answer: answering(200, '{"version": 2}'),
      errorClass: "location.protocol",
      message: /not of version 1/,
    },
    {
      name: "another shape",
      answer: answering(200, '{"version": 1, "observation": {"outcome": "fine"}}'),
      errorClass: "location.protocol",
      message: /not the probe protocol: observation\.outcome/,
    },
    {
      name: "too much",
      answer: answering(200, " ".repeat(1_000_001)),
      errorClass: "location.protocol",
      message: /longer than 1000000 bytes/,
    },
    {
      name: "half an answer",
      answer: ({ socket }) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
      errorClass: "location.unreachable",
      message: /cannot be reached/,
    },
    {
      name: "a reset",
      answer: ({ socket }) => void socket.resetAndDestroy(),
      errorClass: "location.unreachable",
      message: /ECONNRESET|reset/,
    },
  ];
  for (const { name, answer, errorClass, message } of cases) {
    test(name, async () => {
      await using server = await startFaultServer({ routes: { "/": answer } });
      await using office = await open(server.url);
      await assert.rejects(office.ask(probeRequestFor("http://x/"), signal()), {
        name: "LocationError",
        errorClass,
        message,
      });
    });
  }

  test("refuses", async () => {
    const gone = await startTcpServer();
    await gone[Symbol.asyncDispose]();
    await using office = await open(`http://127.0.0.1:${gone.port}/`);
    await assert.rejects(office.ask(probeRequestFor("http://x/"), signal()), {
      errorClass: "location.unreachable",
      message: /the agent cannot be reached: .*ECONNREFUSED/,
    });
  });

  test("hangs", async () => {
    await using server = await startTcpServer();
    await using office = await open(`http://127.0.0.1:${server.port}/`);
    using soon = deadline(new AbortController().signal, 50);
    const asked = office.ask(probeRequestFor("http://x/"), soon.signal);
    await assert.rejects(asked, { errorClass: "location.timeout", message: /no answer within 50 ms/ });
  });
});

test("an agent is asked with its token, and what it saw comes back", async () => {
  await using server = await startFaultServer({
    routes: { "/": answering(200, JSON.stringify({ version: 1, observation })) },
  });
  await using office = await open(server.url);
  assert.deepEqual(await office.ask(probeRequestFor("http://x/"), signal()), observation);
  assert.equal(server.requests[0]?.headers.authorization, "Bearer let me in");
});
