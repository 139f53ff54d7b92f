import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startFaultServer } from "../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../test/fixtures/probe-requests.ts";
import { until } from "../test/fixtures/until.ts";
import { startAgent, type Agent } from "./agent.ts";
import { agent } from "./check/locations/agent.ts";

const signal = () => AbortSignal.timeout(60_000);
const token = "let-me-in";

function start(): Promise<Agent> {
  return startAgent({ listen: { host: "127.0.0.1", port: 0 }, tokens: [token] });
}

function post(url: string, body: string, authorization = `Bearer ${token}`): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { authorization } });
}

suite("a listening agent", () => {
  test("carries out what a server asks", async () => {
    await using target = await startFaultServer();
    await using running = await start();
    for (const path of ["", "probe"]) {
      const settings = { type: "agent", name: "office", url: running.url + path, token };
      await using office = await agent.open(agent.settings.parse(settings));
      const seen = await office.ask(probeRequestFor(`${target.url}/status?code=404`), signal());
      assert.equal(seen.outcome, "fail");
      assert.equal(seen.errorClass, "http.status");
    }
  });

  test("takes a request that comes in chunks", async () => {
    await using target = await startFaultServer();
    await using running = await start();
    const text = JSON.stringify(probeRequestFor(`${target.url}/status?code=200`));
    const body = new Blob([text]).stream();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(running.url, { method: "POST", body, headers, duplex: "half" });
    assert.equal(response.status, 200, await response.clone().text());
  });

  const refused = [
    { name: "no token", authorization: "", status: 401 },
    { name: "another token", authorization: "Bearer let-me-out", status: 401 },
    { name: "another scheme", authorization: `Basic ${token}`, status: 401 },
    { name: "no JSON", body: "{", status: 400, detail: /not JSON/ },
    { name: "not the protocol", body: '{"version": 1}', status: 400, detail: /check: / },
    { name: "another version", body: '{"version": 2}', status: 400, detail: /version: / },
    {
      name: "an unknown check",
      body: JSON.stringify(probeRequestFor("http://x/", { check: { type: "icmp" } })),
      status: 400,
      detail: /there is no type "icmp" here/,
    },
    {
      name: "what is nested deeper than any check",
      body: JSON.stringify(probeRequestFor("http://x/")).replace(
        '"check":{',
        `"check":{"x":${"[".repeat(15_000)}${"]".repeat(15_000)},`,
      ),
      status: 400,
      detail: /nested over 32 levels deep/,
    },
    {
      name: "a deadline that no timer can keep",
      body: JSON.stringify({ ...probeRequestFor("http://x/"), deadlineMs: 1e29 }),
      status: 400,
      detail: /deadlineMs: /,
    },
    { name: "too much", body: " ".repeat(65_537), status: 413, detail: /longer than 65536 bytes/ },
  ];
  for (const { name, body = "{}", authorization, status, detail = /./ } of refused) {
    test(`refuses ${name} with ${status}`, async () => {
      await using running = await start();
      const response = await post(running.url, body, authorization);
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      const problem = (await response.json()) as { status: number; detail: string };
      assert.equal(problem.status, status);
      assert.match(problem.detail, detail);
    });
  }

  test("is healthy without a token, and has nothing else", async () => {
    await using running = await start();
    const health = await fetch(`${running.url}healthz`);
    assert.deepEqual(await health.json(), { status: "ok" });
    assert.equal((await fetch(`${running.url}else`)).status, 404);
  });

  test("stops probing when the server has gone", async () => {
    await using target = await startFaultServer();
    await using running = await start();
    const controller = new AbortController();
    const body = JSON.stringify(probeRequestFor(`${target.url}/hang`));
    const headers = { authorization: `Bearer ${token}` };
    const asked = fetch(running.url, { method: "POST", body, headers, signal: controller.signal });
    await until("the target is asked", () => target.requests.length === 1);
    controller.abort();
    await assert.rejects(asked, { name: "AbortError" });
    await until("the target is left alone", () => target.open === 0);
  });

  test("says why it cannot listen", async () => {
    await using running = await start();
    const again = startAgent({ listen: { host: "127.0.0.1", port: running.port }, tokens: [token] });
    await assert.rejects(again, { message: new RegExp(`^127\\.0\\.0\\.1:${running.port} is in use`) });
  });

  test("closes while it is asked, and says so", async () => {
    await using target = await startFaultServer();
    const running = await start();
    const request = probeRequestFor(`${target.url}/hang`, { check: { timeout: "60s" }, deadlineMs: 60_000 });
    const asked = post(running.url, JSON.stringify(request));
    await until("the target is asked", () => target.requests.length === 1);
    const started = performance.now();
    await running[Symbol.asyncDispose]();
    assert.ok(performance.now() - started < 30_000, "nobody is waited for");
    const answer = await asked;
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /the probe thread has been closed/);
  });
});
