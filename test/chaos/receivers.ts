import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import type { Random } from "../fixtures/random.ts";
import { until } from "../fixtures/until.ts";
import { Ledger, abridged, type Expected } from "./judge.ts";
import { startListener, type Manner } from "./listener.ts";
import { Load } from "./load.ts";
import { defineScenario, type Outcome, type Scene } from "./scenario.ts";

const numbers = {
  /** How long alerts are sent. */
  seconds: 60,
  /** Alerts a second, on four routes alike. */
  rate: 40,
};
type Numbers = typeof numbers;

const failing = 0.3;
/** `rate` and `concurrency` of the actions that have them. */
const ratePerSecond = 10;
/** How much nearer to each other two messages may arrive than they were sent, standstills of this process aside. */
const jitterMs = 200;
const concurrency = 3;
const retryAfterSeconds = 2;
/** A pager that waited for a hanging Slack would wait for its time-out at least, and mostly for several. */
const pagerLimitMs = 15_000;
const slackTimeoutMs = 20_000;
const settleLimitMs = 300_000;

/** Who is told by the route called like it. */
const expected: Expected = {
  shaky: ["shaky"],
  limited: ["limited"],
  narrow: ["narrow"],
  pager: ["pager"],
  slack: ["slack"],
};

/** Receivers that fail three times in ten, hang, and have limits. */
export const receivers = defineScenario({
  about: "receivers fail 30 %, hang, ask for patience and have limits",
  numbers,
  variants: { sqlite: failingReceivers },
});

async function failingReceivers({ random, progress }: Scene, { seconds, rate }: Numbers): Promise<Outcome> {
  await using parts = new AsyncDisposableStack();
  const ledger = new Ledger();
  const listener = parts.use(await startListener(ledger));
  const told = new Watch(random);
  const stalls = monitorEventLoopDelay({ resolution: 10 });
  stalls.enable();
  listener.manner("shaky", told.shaky);
  listener.manner("limited", told.limited);
  listener.manner("narrow", told.narrow);
  listener.manner("slack", hanging);
  const file = parts.use(await configFile(configOf(listener.url)));
  const database = parts.use(await freshSqlite());
  const server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));

  const routes = ["shaky", "limited", "narrow", "both"];
  const load = parts.use(
    new Load({
      ledger,
      random,
      rate,
      target: () => server.url,
      draft() {
        const route = random.pick(routes);
        return { kind: route === "both" ? "pager" : route, path: "/", body: { route } };
      },
    }),
  );
  for (let second = 1; second <= seconds; second += 1) {
    progress(`${second} of ${seconds} s, ${ledger.accepted.size} accepted`);
    // The load for so long is the scenario.
    await sleep(1000);
  }
  await load.stop();
  // What went to both has to reach Slack as well, once Slack is back.
  const pagers = [...ledger.accepted.values()].filter(({ kind }) => kind === "pager").length;
  await until("", () => ledger.times("pager", "pager").length === pagers, 60_000).catch(() => undefined);
  const waits = ledger.times("pager", "pager").map(({ from, to }) => to - from);
  listener.manner("slack");
  progress("waiting for the last delivery");
  const owed = () => [...ledger.owed(expected), ...ledger.owed({ ...expected, pager: ["slack"] })];
  await until("", () => owed().length === 0, settleLimitMs).catch(() => undefined);

  return outcomeOf({ ledger, told, slowest: Math.max(0, ...waits), stallMs: Math.round(stalls.max / 1e6) });
}

function outcomeOf({
  ledger,
  told,
  slowest,
  stallMs,
}: {
  readonly ledger: Ledger;
  readonly told: Watch;
  readonly slowest: number;
  readonly stallMs: number;
}): Outcome {
  const windowMs = Math.max(1, 1000 - jitterMs - stallMs);
  const most = mostWithin(windowMs, told.limitedAt);
  return {
    counts: {
      ...ledger.counts(),
      failures: told.failures,
      [`most within ${windowMs} ms, of ${ratePerSecond} allowed`]: most,
      "longest standstill of this process (ms)": stallMs,
      [`most at once, of ${concurrency} allowed`]: told.mostAtOnce,
      "worst time to the pager beside a hanging Slack (ms)": slowest,
      "answers with Retry-After": told.patience,
    },
    broken: [
      ...ledger.faults(expected),
      ...abridged(ledger.owed({ ...expected, pager: ["slack"] }).map((mark) => `Slack never got ${mark}`)),
      ...abridged(told.hasty),
      ...(most > ratePerSecond ? [`rate: ${ratePerSecond}/s, and ${most} came within ${windowMs} ms`] : []),
      ...(told.mostAtOnce > concurrency
        ? [`concurrency: ${concurrency}, and ${told.mostAtOnce} were on their way at once`]
        : []),
      ...(slowest > pagerLimitMs ? [`a pager waited for ${slowest} ms beside a hanging Slack`] : []),
    ],
  };
}

const hanging: Manner = () => undefined;

/** How the receivers behave, and what they see. */
class Watch {
  readonly limitedAt: number[] = [];
  /** Tries that came before Retry-After was over. */
  readonly hasty: string[] = [];
  failures = 0;
  patience = 0;
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #notBefore = new Map<string, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  readonly shaky: Manner = (response, told) => {
    const notBefore = this.#notBefore.get(told.key) ?? 0;
    // Both clocks are this machine's; what is left is rounding.
    if (told.at < notBefore - 100)
      this.hasty.push(`${told.key} was sent ${notBefore - told.at} ms before Retry-After was over`);
    this.#notBefore.delete(told.key);
    if (!this.#fails()) return response.writeHead(202).end();
    return this.#random.pick(this.#failures)(response, told);
  };

  readonly limited: Manner = (response, { at }) => {
    this.limitedAt.push(at);
    response.writeHead(this.#fails() ? 500 : 202).end();
  };

  readonly narrow: Manner = async (response) => {
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    // A receiver that takes its time: without it there would be nothing at once.
    await sleep(this.#random.whole(20, 200));
    this.#atOnce -= 1;
    response.writeHead(this.#fails() ? 503 : 202).end();
  };

  readonly #failures: readonly Manner[] = [
    (response) => response.writeHead(500).end(),
    (response, { key, at }) => {
      this.patience += 1;
      this.#notBefore.set(key, at + retryAfterSeconds * 1000);
      response.writeHead(429, { "retry-after": String(retryAfterSeconds) }).end();
    },
    hanging,
    (response) => response.destroy(),
    // Half an answer, from which nobody can tell what it would have been.
    (response) => response.socket?.end("HTTP/1.1 2"),
    (response) => {
      response.writeHead(500, { "content-length": "100" }).write("begun");
      response.socket?.end();
    },
  ];

  #fails(): boolean {
    const fails = this.#random.next() < failing;
    if (fails) this.failures += 1;
    return fails;
  }
}

/** The most moments (ms) in any span of so many ms. */
function mostWithin(span: number, moments: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, at] of moments.entries()) {
    while (at - (moments[first] ?? at) >= span) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

function configOf(url: string) {
  const webhook = (name: string, more: object) => ({ name, type: "webhook", url: `${url}/${name}`, ...more });
  return {
    controls: [],
    resolvers: [],
    routes: [
      { name: "shaky", input: 'input.route == "shaky"', actions: ["shaky"] },
      { name: "limited", input: 'input.route == "limited"', actions: ["limited"] },
      { name: "narrow", input: 'input.route == "narrow"', actions: ["narrow"] },
      // Slack shows what an alert is about, not its body.
      { name: "both", input: 'input.route == "both"', subject: "input.mark", actions: ["slack", "pager"] },
    ],
    actions: [
      webhook("shaky", { timeout: "2s" }),
      webhook("limited", { rate: `${ratePerSecond}/s` }),
      webhook("narrow", { concurrency }),
      webhook("ops", {}),
      { name: "slack", type: "slack", url: `${url}/slack`, timeout: `${slackTimeoutMs}ms` },
      {
        name: "pager",
        type: "pagerduty",
        url: `${url}/pager`,
        "routing-key": "0123456789abcdef0123456789abcdef",
      },
    ],
    // Each alert has a page of its own.
    storm: { incidents: 1_000_000, within: "60s" },
    unrouted: ["ops"],
    trouble: ["ops"],
  };
}
