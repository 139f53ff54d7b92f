import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text as body } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { makeAuthority } from "../fixtures/certificates.ts";
import { runCommand } from "../fixtures/command.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startFaultServer, type FaultServer } from "../fixtures/fault-server.ts";
import { namesEnv } from "../fixtures/names.ts";
import { until } from "../fixtures/until.ts";

const asPrinted = readFileSync(
  new URL("../postee-examples/walkthrough-as-printed.yaml", import.meta.url),
  "utf8",
);
const mended = asPrinted.replace("send-slack-messsage", "send-slack-message");

const regions = { eu: "eu-west-1", apac: "ap-southeast-1", na: "us-east-1" } as const;
const hosts = {
  eu: "abc.lambda-url.eu-west-1.on.aws",
  apac: "def.lambda-url.ap-southeast-1.on.aws",
  na: "ghi.lambda-url.us-east-1.on.aws",
} as const;
type Place = keyof typeof hosts;

const page = { ServiceURL: { Reachable: "false" } };

/** The file has no numbers of its own: the second look comes 20 s after the first. */
const verdictLimitMs = 120_000;

suite("the walkthrough's own file", { concurrency: 3 }, () => {
  const parts = new AsyncDisposableStack();
  let authority: Awaited<ReturnType<typeof makeAuthority>>;
  let scratch: ConfigFile;

  before(async () => {
    authority = await makeAuthority();
    scratch = parts.use(await configFile({}));
    await writeFile(join(scratch.folder, "ca.pem"), authority.cert);
  });
  after(() => parts.disposeAsync());

  /** Three functions, of which some say no, and Slack; and a server for which they have their real names. */
  const start = async (text: string, failing: readonly Place[], ...args: readonly string[]) => {
    await using opened = new AsyncDisposableStack();
    const certificate = await authority.issue({ names: [...Object.values(hosts), "hooks.slack.com"] });
    const calls: {
      readonly place: Place;
      readonly from: number;
      readonly to: number;
      readonly event: string;
    }[] = [];
    const all = barrier(Object.keys(hosts).length);
    const functions = await Promise.all(
      (Object.keys(hosts) as Place[]).map(async (place): Promise<[Place, FaultServer]> => {
        const server = await startFaultServer({
          certificate,
          routes: {
            "/": async (request, response) => {
              const from = Date.now();
              await all.arrive();
              const event = Buffer.from(String(request.headers["postee-event"]), "base64").toString();
              calls.push({ place, from, to: Date.now(), event });
              if (failing.includes(place)) response.writeHead(502).end("Internal Server Error");
              else response.end("https://shop.example is up! at 2026-11-22");
            },
          },
        });
        return [place, opened.use(server)];
      }),
    );
    const told: string[] = [];
    const take = async (request: IncomingMessage, response: ServerResponse) => {
      told.push(await body(request));
      response.end("ok");
    };
    const slack = opened.use(
      await startFaultServer({ certificate, routes: { "/services/TAAAA/BBB/key": take } }),
    );
    const ports = Object.fromEntries(functions.map(([place, { port }]) => [hosts[place], port]));
    const file = opened.use(await configFile(text));
    const database = opened.use(await freshSqlite());
    const server = opened.use(
      await startCrosscheck({
        config: file.path,
        database: database.location,
        args,
        env: namesEnv({ ...ports, "hooks.slack.com": slack.port }, join(scratch.folder, "ca.pem")),
      }),
    );
    const moved = opened.move();
    return { server, told, calls, [Symbol.asyncDispose]: () => moved.disposeAsync() };
  };

  test("as printed it has a fault, which is named with its place and the near name", async () => {
    await using file = await configFile(asPrinted);
    const { code, stdout } = await runCommand(["config", "check", file.path]);
    assert.equal(code, 1);
    const fault = stdout.find((line) => line.includes("error"));
    assert.equal(
      fault,
      `${file.path}:4:13: error: there is no action "send-slack-message": did you mean "send-slack-messsage"?`,
    );
    assert.equal((await runCommand(["serve", "--config", file.path, "--listen", "127.0.0.1:0"])).code, 1);
  });

  test("as printed, --lenient: three calls at once, a verdict with three votes by region", async () => {
    await using running = await start(asPrinted, ["apac"], "--lenient");
    const { server, calls } = running;
    await server.post(page);
    const incident = await until(
      "a verdict",
      async () => {
        const [found] = (await server.incidents()).filter(({ route }) => route === "actions-route");
        return found?.outcome === null ? undefined : found;
      },
      verdictLimitMs,
    );
    const first = calls.slice(0, 3);
    assert.deepEqual(new Set(first.map(({ place }) => place)), new Set(Object.keys(hosts)));
    const [latestStart, firstEnd] = [
      Math.max(...first.map(({ from }) => from)),
      Math.min(...first.map(({ to }) => to)),
    ];
    assert.ok(latestStart <= firstEnd, "the calls overlap");
    assert.deepEqual(
      first.map(({ event }) => JSON.parse(event) as unknown),
      [page, page, page],
    );
    assert.equal(incident.outcome, "regional");
    const { runs, deliveries } = await until("all messages to be settled", async () => {
      const whole = await server.read<Whole>(`/api/v1/incidents/${incident.id}`);
      return whole.deliveries.every(({ state }) => state !== "pending") ? whole : undefined;
    });
    const [check] = runs[0]?.verdict?.checks ?? [];
    const votes = check?.domains.map(({ domain, vote }) => [domain, vote]);
    assert.deepEqual(
      votes,
      Object.entries(regions).map(([place, region]) => [`aws:${region}`, place === "apac" ? "fail" : "pass"]),
    );
    const dead = deliveries.filter(({ state }) => state === "dead");
    assert.ok(dead.length > 0 && dead.every(({ action }) => action === "send-slack-message"));
    assert.match(dead[0]?.error ?? "", /action-not-configured: did you mean "send-slack-messsage"\?/);
  });

  test("mended: Slack hears that the page came, and then which region fails", async () => {
    await using running = await start(mended, ["apac"]);
    const { server, told } = running;
    await server.post(page);
    await until("two messages", () => told.length >= 2, verdictLimitMs);
    const [arrival, verdict, ...more] = told.map(
      (text) => JSON.parse(text) as { text: string; blocks: unknown },
    );
    assert.deepEqual(more, []);
    assert.match(
      arrival?.text ?? "",
      /^CHECKING .*page received, checking from eu-check, apac-check and na-check/,
    );
    assert.match(verdict?.text ?? "", /^PARTLY DOWN 1\/3 /);
    const said = JSON.stringify(verdict?.blocks);
    assert.match(said, /apac-check/);
    assert.match(said, /the function says: https:\/\/shop\.example is up!/);
    assert.match(said, /what your function checks, which Crosscheck does not know/);
  });

  test("a JSON false in place of the text goes to unrouted, not into silence", async () => {
    await using running = await start(`${mended}\nunrouted: [send-slack-message]\n`, []);
    const { server, told, calls } = running;
    await server.post({ ServiceURL: { Reachable: false } });
    await until("Slack to hear of it", () => told.length > 0);
    assert.match(told[0] ?? "", /NOT CHECKED, treat as real/);
    assert.deepEqual(calls, []);
  });
});

interface Whole {
  readonly runs: readonly {
    readonly verdict: {
      readonly checks: readonly {
        readonly domains: readonly { readonly domain: string; readonly vote: string }[];
      }[];
    } | null;
  }[];
  readonly deliveries: readonly {
    readonly action: string;
    readonly state: string;
    readonly error: string | null;
  }[];
}

/** Whoever arrives waits until so many have: calls one after the other would never be answered. */
function barrier(size: number): { readonly arrive: () => Promise<void> } {
  let arrived = 0;
  let gate = Promise.withResolvers<void>();
  return {
    arrive() {
      const { promise } = gate;
      arrived += 1;
      if (arrived % size === 0) {
        gate.resolve();
        gate = Promise.withResolvers<void>();
      }
      return promise;
    },
  };
}
