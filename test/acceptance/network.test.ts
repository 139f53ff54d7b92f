import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { makeAuthority } from "../fixtures/certificates.ts";
import { startChildIn, type Child } from "../fixtures/child.ts";
import { startCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { controlPort } from "../fixtures/network-services.ts";
import type { TargetServer } from "../fixtures/network-target.ts";
import { addresses, networkFault, startNetwork, type Network, type Place } from "../fixtures/network.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { expectedText } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";
import type { Contrast } from "../../src/model/contrast.ts";
import type { Verdict } from "../../src/model/verdict.ts";

const token = "token-of-the-agents-in-namespaces";
const lookers = ["eu", "apac", "na"] as const;
const port = 8443;
/** Here one of the two addresses shows a certificate that has expired. */
const expiredPort = 8444;

const fault = await networkFault();
const required = process.env["CROSSCHECK_REQUIRE_NETWORK"] === "1";
if (fault !== undefined && required) throw new Error(fault);

interface Judged {
  readonly verdict: Verdict;
  readonly contrasts: readonly Contrast[];
  readonly errors: Readonly<Record<string, string | null>>;
}

suite("agents in network namespaces, with packets that vanish", { skip: fault ?? false }, () => {
  const parts = new AsyncDisposableStack();
  let network: Network;
  let receiver: Receiver;
  let server: Crosscheck;

  before(async () => {
    network = parts.use(await startNetwork());
    receiver = parts.use(await startReceiver());
    const file = parts.use(await configFile({}));
    const authority = await makeAuthority();
    const trusted = join(file.folder, "authority.pem");
    await writeFile(trusted, authority.cert);
    await startOthers();
    const locations = await Promise.all(lookers.map((place) => startLocation(place, file.folder, trusted)));
    await file.write(configOf(locations));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));

    async function startOthers(): Promise<void> {
      const names = ["one.test", "two.test", "dual.test"];
      const good = await authority.issue({ names });
      const expired = await authority.issue({ names, validFromDays: -90, validToDays: -3 });
      const [first, second] = addresses.target;
      const servers: readonly TargetServer[] = [
        ...[first, second, addresses.target6].map((address) => ({ address, port, certificate: good })),
        { address: first, port: expiredPort, certificate: good },
        { address: second, port: expiredPort, certificate: expired },
      ];
      const target = startChildIn(network.namespace("target"), "network-target.ts", [
        JSON.stringify(servers),
      ]);
      const services = startChildIn(network.namespace("services"), "network-services.ts", []);
      await Promise.all([ready(parts.use(target)), ready(parts.use(services))]);
    }
  });
  after(() => parts.disposeAsync());

  async function startLocation(place: Place, folder: string, trusted: string) {
    const tokenFile = join(folder, `token-${place}`);
    await writeFile(tokenFile, token);
    const listen = `${network.reachedAt(place)}:0`;
    const agent = startCommand(["agent", "--listen", listen, "--token-file", tokenFile], {
      namespace: network.namespace(place),
      env: { NODE_EXTRA_CA_CERTS: trusted },
    });
    parts.use(agent);
    const url = await until(`the agent ${place} to listen`, () =>
      agent.stdout.map((line) => /^crosscheck agent listens on (\S+)$/.exec(line)?.[1]).find(Boolean),
    );
    return { name: place, type: "agent", url, token };
  }

  function configOf(locations: readonly object[]) {
    return {
      locations,
      controls: addresses.controls.map((address) => `http://${address}:${controlPort}/`),
      resolvers: addresses.otherResolvers,
      checks: [
        {
          name: "page",
          type: "http",
          url: "{{ input.url }}",
          timeout: "5s",
          retry: { attempts: 2, backoff: "50ms" },
          assertions: [{ source: "body", comparison: "contains", target: expectedText }],
        },
      ],
      routes: [
        {
          name: "page",
          subject: "input.url",
          checks: ["page"],
          spare: true,
          verdict: {
            samples: 2,
            "sample-interval": "50ms",
            deadline: "30s",
            "second-look": "200ms",
            "second-look-deadline": "30s",
            hold: "90s",
            recheck: ["10m"],
            "open-recheck": ["10m"],
          },
          notify: { confirmed: ["oncall"], "not-reproduced": ["team"] },
        },
      ],
      actions: ["oncall", "team"].map((name) => ({ name, type: "webhook", url: `${receiver.url}/${name}` })),
      unrouted: ["oncall"],
      trouble: ["oncall"],
      server: { "allow-private-targets": ["198.18.0.0/15", "2001:db8::/32"] },
    };
  }

  /** What comes of a page about a URL, with its contrasts where something fails. */
  async function judge(url: string, path: string): Promise<Judged> {
    const subject = `${url}${path}`;
    await server.post({ url: subject });
    const run = await until(
      `a verdict on ${subject}`,
      async () => {
        const [first] = (await server.incidentOf(subject))?.runs ?? [];
        if (first?.verdict === null || first?.verdict === undefined) return undefined;
        const { verdict, contrasts, observations } = first;
        const fails = verdict.outcome === "confirmed" || verdict.outcome === "regional";
        return fails && contrasts.length === 0 ? undefined : { verdict, contrasts, observations };
      },
      120_000,
    );
    const errors = run.observations.filter(({ look }) => look === run.verdict.looks);
    return { ...run, errors: Object.fromEntries(errors.map((one) => [one.location, one.errorClass])) };
  }

  test("all is well: the page is spared", async () => {
    const { verdict } = await judge(`https://two.test:${port}`, "/well");
    assert.deepEqual([verdict.outcome, verdict.reason], ["not-reproduced", "all-pass"]);
  });

  test("the packets of one place vanish on their way to the target: regional", async () => {
    await using _vanishing = await network.vanish("apac", addresses.target[0]);
    const judged = await judge(`https://one.test:${port}`, "/one-place");
    const { verdict, errors } = judged;
    assert.deepEqual([verdict.outcome, verdict.reason], ["regional", "some-domains-fail"]);
    assert.deepEqual(errors, { eu: null, apac: "tcp.timeout", na: null });
    assert.deepEqual(verdict.scope.common, [{ attribute: "location", value: "apac" }]);
    assert.match(verdict.scope.sentence, /only from apac/);
    assert.deepEqual(works(judged), []);
  });

  test("one place's resolver is dead: it has no vote, and the others spare the page", async () => {
    await network.setResolver("apac", addresses.nobody);
    try {
      const { verdict, errors } = await judge(`https://one.test:${port}`, "/resolver");
      assert.deepEqual([verdict.outcome, verdict.votes.none], ["not-reproduced", 1]);
      assert.deepEqual(errors, { eu: null, apac: "location.resolver", na: null });
    } finally {
      await network.setResolver("apac", addresses.resolver);
    }
  });

  test("one of two addresses is dead: the scope is that address, and the other one works", async () => {
    const [alive, dead] = addresses.target;
    await using _vanishing = await network.vanish("router", dead);
    const judged = await judge(`https://two.test:${port}`, "/one-address");
    const { verdict } = judged;
    assert.deepEqual([verdict.outcome, verdict.reason], ["confirmed", "intermittent"]);
    assert.deepEqual(verdict.scope.common, [{ attribute: "remote-address", value: dead }]);
    assert.match(verdict.scope.sentence, new RegExp(`only at ${dead}`));
    assert.deepEqual(works(judged), [`address ${alive}`]);
  });

  test("the certificate of one of two addresses has expired: the scope is that address, the dates are told", async () => {
    const [alive, expired] = addresses.target;
    const judged = await judge(`https://two.test:${expiredPort}`, "/expired");
    const { verdict } = judged;
    assert.deepEqual([verdict.outcome, verdict.reason], ["confirmed", "intermittent"]);
    assert.deepEqual(verdict.scope.common, [{ attribute: "remote-address", value: expired }]);
    assert.deepEqual([verdict.scope.layer, verdict.scope.errorClass], ["tls", "tls.expired"]);
    assert.match(verdict.summary, /certificate expired on \d{4}-\d\d-\d\d \(3 days ago\)/);
    assert.deepEqual(works(judged), [`address ${alive}`]);
  });

  test("only IPv6 is broken: the scope is IPv6, and IPv4 works", async () => {
    await using _vanishing = await network.vanish("router", addresses.target6);
    const judged = await judge(`https://dual.test:${port}`, "/ipv6");
    const { verdict } = judged;
    assert.deepEqual([verdict.outcome, verdict.reason], ["confirmed", "intermittent"]);
    assert.deepEqual(verdict.scope.common, [{ attribute: "ip-family", value: "IPv6" }]);
    assert.match(verdict.scope.sentence, /only over IPv6/);
    assert.deepEqual(works(judged), ["ip-family IPv4"]);
  });

  test("a place that is cut off from everything is impaired: it has no vote, whatever the others say", async () => {
    await using _cut = await network.vanish("na", "0.0.0.0/1", "128.0.0.0/1");
    const spared = await judge(`https://one.test:${port}`, "/cut-off");
    assert.equal(spared.verdict.outcome, "not-reproduced");
    const lost = spared.verdict.checks[0]?.domains.find(({ domain }) => domain === "na");
    assert.deepEqual([lost?.vote, lost?.locations[0]?.excuse], ["none", "impaired"]);

    await using _vanishing = await network.vanish("router", addresses.target[0]);
    const down = await judge(`https://one.test:${port}`, "/cut-off-and-down");
    const { fail, none } = down.verdict.votes;
    assert.deepEqual([down.verdict.outcome, fail, none], ["confirmed", 2, 1]);
  });
});

/** What makes it work. */
function works({ contrasts }: Judged): string[] {
  const good = contrasts.filter(({ outcome }) => outcome === "pass");
  return [...new Set(good.map(({ factor, value }) => `${factor} ${value}`))];
}

async function ready(child: Child): Promise<void> {
  await until("a process of the network to be ready", () => child.lines.includes("ready"));
}
