import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { until } from "../../../test/fixtures/until.ts";
import { ConfigError, DeadlineError, LocationError } from "../../model/errors.ts";
import type { Location } from "../location-type.ts";
import { local } from "./local.ts";

const signal = () => AbortSignal.timeout(20_000);

function open(): Promise<Location> {
  return local.open({ type: "local", name: "here" });
}

/** Minutes of backtracking; a deadline that the thread itself cannot keep. */
function runaway(url: string, deadlineMs = 1000) {
  const assertions = [{ source: "body", comparison: "matches", target: "^(a+)+$" }];
  return probeRequestFor(url, { check: { assertions, timeout: "30s" }, deadlineMs });
}

function startRunawayServer() {
  return startFaultServer({ routes: { "/bomb": (_, response) => void response.end(`${"a".repeat(40)}!`) } });
}

suite("local", () => {
  test("is its own failure domain, unless it is told another", async () => {
    await using here = await open();
    assert.equal(here.domain, "here");
    await using there = await local.open({ type: "local", name: "here", domain: "office" });
    assert.equal(there.domain, "office");
  });

  test("answers many questions at once", async () => {
    await using server = await startFaultServer();
    await using here = await open();
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const path = index % 2 === 0 ? "/" : "/status?code=404";
        return here.ask(probeRequestFor(server.url + path), signal());
      }),
    );
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "pass" : "fail")),
    );
  });

  test("says what is wrong with a request", async () => {
    await using here = await open();
    const request = probeRequestFor("http://127.0.0.1/", { check: { type: "icmp" } });
    await assert.rejects(here.ask(request, signal()), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.faults[0] ?? "", /no type "icmp"/);
      return true;
    });
  });

  test("stops probing when it is not asked any more", async () => {
    await using server = await startFaultServer();
    await using here = await open();
    const controller = new AbortController();
    const asked = here.ask(probeRequestFor(`${server.url}/hang`), controller.signal);
    await until("the server is asked", () => server.requests.length === 1);
    controller.abort(new DeadlineError(50));
    await assert.rejects(asked, { name: "LocationError", errorClass: "location.timeout" });
    await until("the connection is closed", () => server.open === 0);
    assert.equal((await here.ask(probeRequestFor(server.url), signal())).outcome, "pass");
  });

  test("a signal that has aborted already", async () => {
    await using here = await open();
    const late = AbortSignal.abort(new LocationError("location.not-awaited", "too late"));
    const asked = here.ask(probeRequestFor("http://127.0.0.1:1/"), late);
    await assert.rejects(asked, { errorClass: "location.not-awaited" });
  });

  test("a thread that hangs is replaced, and only the check that hung it loses its vote", async () => {
    await using server = await startRunawayServer();
    await using here = await open();
    // Answered, but for the bomb, 300 ms after they are asked: when the thread hangs.
    const beside = Array.from({ length: 3 }, () =>
      here.ask(probeRequestFor(`${server.url}/slow?head=300`), signal()),
    );
    const hung = here.ask(runaway(`${server.url}/bomb`, 10_000), signal());
    const started = performance.now();
    await assert.rejects(hung, {
      errorClass: "location.timeout",
      message: /this check hung the probe thread/,
    });
    assert.ok(performance.now() - started < 8000, "noticed long before its time is up");
    for (const one of await Promise.all(beside)) assert.equal(one.outcome, "pass");
    const asked = server.requests.filter(({ path }) => path === "/slow");
    assert.equal(asked.length, 6, "each was asked again, once");
  });

  test("a check beside one that hangs the thread, without time to be asked again, has no vote", async () => {
    await using server = await startRunawayServer();
    await using here = await open();
    const beside = here.ask(probeRequestFor(`${server.url}/hang`, { deadlineMs: 1000 }), signal());
    const rejected = assert.rejects(beside, { errorClass: "location.timeout", message: /no time was left/ });
    const hung = here.ask(runaway(`${server.url}/bomb`), signal());
    await assert.rejects(hung, { errorClass: "location.timeout" });
    await rejected;
    assert.equal((await here.ask(probeRequestFor(server.url), signal())).outcome, "pass");
  });

  test("what nobody waits for is not asked again", async () => {
    await using server = await startRunawayServer();
    await using here = await open();
    const controller = new AbortController();
    const beside = here.ask(probeRequestFor(`${server.url}/hang`), controller.signal);
    const rejected = assert.rejects(beside, { errorClass: "location.timeout" });
    const hung = here.ask(runaway(`${server.url}/bomb`, 10_000), signal());
    await until("both are under way", () => server.requests.length === 2);
    controller.abort(new DeadlineError(100));
    await rejected;
    await assert.rejects(hung, { errorClass: "location.timeout" });
    assert.equal((await here.ask(probeRequestFor(server.url), signal())).outcome, "pass");
    assert.equal(server.requests.filter(({ path }) => path === "/hang").length, 1);
  });

  test("a thread that hangs is replaced, too, when nobody waits for it any more", async () => {
    await using server = await startRunawayServer();
    await using here = await open();
    const controller = new AbortController();
    const hung = here.ask(runaway(`${server.url}/bomb`), controller.signal);
    const rejected = assert.rejects(hung, { errorClass: "location.timeout" });
    await until("the bomb is fetched", () => server.requests.length === 1);
    controller.abort(new DeadlineError(100));
    await rejected;
    const next = () => here.ask(probeRequestFor(server.url), signal());
    await until("the thread is back", async () => (await next().catch(() => undefined))?.outcome === "pass");
  });

  test("closing answers what is still asked", async () => {
    await using server = await startFaultServer();
    const here = await open();
    const asked = here.ask(probeRequestFor(`${server.url}/hang`), signal());
    const rejected = assert.rejects(asked, { errorClass: "location.bug", message: /has been closed/ });
    await here[Symbol.asyncDispose]();
    await rejected;
    await assert.rejects(here.ask(probeRequestFor(server.url), signal()), { errorClass: "location.bug" });
  });
});
