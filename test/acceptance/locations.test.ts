import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { agentToken } from "../fixtures/agents.ts";
import { startCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startFaultServer } from "../fixtures/fault-server.ts";
import { pass } from "../fixtures/observations.ts";
import { startTcpServer } from "../fixtures/tcp-server.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** Places that cannot tell, by what is wrong with them: what their observation says. */
const faulty = {
  refusing: { errorClass: "location.unreachable", message: /^the agent cannot be reached: .*ECONNREFUSED/ },
  cutting: { errorClass: "location.unreachable", message: /^the agent cannot be reached: / },
  babbling: { errorClass: "location.unreachable", message: /^the agent cannot be reached: / },
  hanging: { errorClass: "location.timeout", message: /^no answer within [4-7]\d{3} ms$/ },
  late: { errorClass: "location.timeout", message: /^no answer within [4-7]\d{3} ms$/ },
  broken: { errorClass: "location.protocol", message: /^the agent answered 500/ },
  "a-web-page": { errorClass: "location.protocol", message: /its answer is not JSON/ },
  newer: { errorClass: "location.protocol", message: /not of version 1 of the probe protocol/ },
  vague: { errorClass: "location.protocol", message: /its answer is not the probe protocol: observation/ },
  stranger: { errorClass: "location.unauthorized", message: /^the agent answered 401: .*token/ },
};
type Fault = keyof typeof faulty;

/** What is waited for those who say nothing. */
const deadlineMs = 7000;

suite("places at fault have no vote, and the others decide", { concurrency: 4 }, () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let server: Crosscheck;
  /** Answers that somebody still waits for. */
  const owed: ServerResponse[] = [];

  before(async () => {
    world = parts.use(await startWorld(["na"]));
    const fault = parts.use(
      await startFaultServer({ routes: { "/late": (_, response) => void owed.push(response) } }),
    );
    await using gone = await startTcpServer();
    const json = (body: object) => `${fault.url}/json?body=${encodeURIComponent(JSON.stringify(body))}`;
    const urls: Record<Exclude<Fault, "stranger">, string> = {
      refusing: `http://${gone.host}:${gone.port}/`,
      cutting: `${fault.url}/reset`,
      babbling: `${fault.url}/garbage`,
      hanging: `${fault.url}/hang`,
      late: `${fault.url}/late`,
      broken: `${fault.url}/status?code=500`,
      "a-web-page": `${fault.url}/`,
      newer: json({ version: 2, observation: {} }),
      vague: json({ version: 1, observation: { outcome: "pass" } }),
    };
    const eu = await startAgentProcess();
    const stranger = { ...eu, name: "stranger", token: "not-the-token-of-this-agent" };
    const others = Object.entries(urls).map(([name, url]) => ({
      name,
      type: "agent",
      url,
      token: agentToken,
    }));

    const check = { ...pageCheck, timeout: "5s" };
    const verdict = { ...quick, deadline: `${deadlineMs}ms`, "second-look-deadline": `${deadlineMs}ms` };
    const routes = Object.keys(faulty).map((name) => ({
      ...pageRoute,
      name,
      verdict,
      locations: ["eu", "na", name],
    }));
    const locations = [eu, ...world.locations, stranger, ...others];
    const file = parts.use(await configFile(configIn(world, { locations, checks: [check], routes })));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  /** `crosscheck agent`, as it runs elsewhere. */
  const startAgentProcess = async () => {
    const { folder } = parts.use(await configFile({}));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, `${agentToken}\n`);
    const agent = parts.use(startCommand(["agent", "--listen", "127.0.0.1:0", "--token-file", tokenFile]));
    const url = await until("the agent to listen", () => /http:\S+/.exec(agent.stdout[0] ?? "")?.[0]);
    return { name: "eu", type: "agent", url, token: agentToken };
  };

  const look = async (fault: string, subject: string) => {
    await server.post({ url: subject }, `/tenant/${fault}`);
    const incident = await until(
      "the verdict",
      async () => {
        const found = await server.incidentOf(subject);
        return found?.runs[0]?.verdict ? found : undefined;
      },
      60_000,
    );
    const [run] = incident.runs;
    return { verdict: run?.verdict, seen: run?.observations.find(({ location }) => location === fault) };
  };

  for (const [fault, { errorClass, message }] of Object.entries(faulty)) {
    test(`${fault}: ${errorClass}`, async () => {
      const { verdict, seen } = await look(fault, world.site.page(`/up-${fault}`));
      assert.deepEqual([seen?.outcome, seen?.errorClass], ["error", errorClass]);
      assert.match(seen?.message ?? "", message);
      assert.partialDeepStrictEqual(verdict, { outcome: "not-reproduced", votes: { pass: 2, none: 1 } });
    });
  }

  test("an answer that comes after the verdict changes nothing", async () => {
    const subject = world.site.page("/too-late");
    const asked = owed.length;
    const { verdict } = await look("late", subject);
    for (const response of owed.slice(asked))
      response.end(JSON.stringify({ version: 1, observation: pass("late") }));
    await until(
      "the watch to be over",
      async () => (await server.incidentOf(subject))?.state === "closed",
      90_000,
    );
    const run = (await server.incidentOf(subject))?.runs[0];
    assert.deepEqual(run?.verdict, verdict);
    assert.equal(run?.observations.find(({ location }) => location === "late")?.outcome, "error");
  });

  test("what two see fail is confirmed at once: nobody waits for a third that hangs", async () => {
    world.site.set("/down", "down");
    const subject = world.site.page("/down");
    const { verdict } = await look("hanging", subject);
    assert.partialDeepStrictEqual(verdict, { outcome: "confirmed", votes: { fail: 2, none: 1 } });
    const [notice] = await world.receiver.hears("/oncall", subject);
    assert.match(notice?.firstLine ?? "", /^DOWN 2\/2/);
    const durationMs = (await server.incidentOf(subject))?.runs[0]?.durationMs ?? Infinity;
    assert.ok(durationMs < deadlineMs, `${durationMs} ms`);
  });

  test("one fails, one passes, one cannot tell: partly down, never spared", async () => {
    world.site.set("/half", "up", { eu: "down" });
    const { verdict } = await look("broken", world.site.page("/half"));
    assert.partialDeepStrictEqual(verdict, { outcome: "regional", votes: { fail: 1, pass: 1, none: 1 } });
  });
});
