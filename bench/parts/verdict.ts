import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeAuthority } from "../../test/fixtures/certificates.ts";
import { nowMs } from "../clock.ts";
import { program, startCrosscheck } from "../crosscheck.ts";
import type { BenchDatabase } from "../databases.ts";
import { startDelayServers } from "../delays/visits.ts";
import { besideSqlite, spread, type Figure } from "../figure.ts";
import { Connection } from "../load/connection.ts";
import type { Part } from "../part.ts";
import { startProgram, started, type Program } from "../program.ts";
import { steadyRate } from "./deliver.ts";
import { startReceiver, type Receiver } from "../receiver/receiver.ts";
import { temporaryFolder } from "../temporary.ts";

const siteDelayMs = 50;
const rounds = 50;
const warmUpRounds = 10;
/** Pages at once, each about a subject of its own: a run each. */
const burst = 500;
const burstLimitMs = 30_000;
const token = "a-token-for-the-agents-of-a-benchmark";

/** How long a verdict takes beyond the probes that it waits for: one local location and two agents, a site that is up. */
export const verdict: Part = {
  name: "verdict",
  async run({ databases, say }) {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(temporaryFolder());
    const certificate = await (await makeAuthority()).issue({ names: ["127.0.0.1"] });
    const site = parts.use(await startDelayServers([siteDelayMs], certificate));
    const receiver = parts.use(await startReceiver());
    const agents = [await startAgent(folder.path, "one"), await startAgent(folder.path, "two")];
    for (const { agent } of agents) parts.use(agent);
    const target = site.ports.find(({ scheme }) => scheme === "http")?.url ?? "";
    const config = judgingConfig(receiver.url, agents);
    const figures: Figure[] = [];
    for (const database of await databases.all()) {
      say(`verdict: ${database.name}`);
      figures.push(...(await measure(database, { config, target, receiver })));
    }
    return besideSqlite(figures);
  },
};

interface AgentAt {
  readonly name: string;
  readonly url: string;
  readonly agent: Program;
}

async function startAgent(folder: string, name: string): Promise<AgentAt> {
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, token);
  const agent = startProgram(
    process.execPath,
    [program, "agent", "--listen", "127.0.0.1:0", "--token-file", tokenFile],
    { outputFile: join(folder, name) },
  );
  const url = await started(agent, () => /^crosscheck agent listens on (\S+)$/m.exec(agent.output())?.[1]);
  return { name, url, agent };
}

function judgingConfig(receiverUrl: string, agents: readonly AgentAt[]) {
  return {
    locations: [
      { name: "here", type: "local" },
      ...agents.map(({ name, url }) => ({ name, url, type: "agent", token })),
    ],
    checks: [{ name: "page", type: "http", url: "{{ input.url }}", timeout: "2s" }],
    routes: [
      {
        name: "judged",
        subject: "input.subject",
        checks: ["page"],
        verdict: { samples: 1 },
        notify: { confirmed: ["receiver"], "not-reproduced": ["receiver"] },
      },
    ],
    actions: [{ name: "receiver", type: "webhook", url: receiverUrl }],
    // Nothing outside this machine is asked.
    controls: [],
    resolvers: [],
    server: { "allow-private-targets": ["127.0.0.0/8"] },
  };
}

interface Round {
  readonly sentAt: number;
  readonly acceptedAt: number;
  readonly subject: string;
}

interface IncidentJson {
  readonly subject: string;
  readonly openedAt: string;
  readonly runs: readonly {
    readonly startedAt: string;
    readonly durationMs: number | null;
    readonly observations: readonly { readonly startedAt: string; readonly durationMs: number }[];
  }[];
}

async function measure(
  database: BenchDatabase,
  scene: { readonly config: object; readonly target: string; readonly receiver: Receiver },
): Promise<Figure[]> {
  const { config, target, receiver } = scene;
  await receiver.forget();
  await using server = await startCrosscheck({ config, database: await database.fresh() });
  const posted: Round[] = [];
  using connection = await Connection.open(server.url);
  for (let number = 0; number < rounds; number += 1) {
    posted.push(await post(connection, { url: server.url, target, number }));
    await receiver.arrivals(number + 1, 2000);
  }
  const told = await receiver.arrivals(rounds, 2000);
  const incidents = await incidentsOf(server.url);
  const counted = posted.slice(warmUpRounds).flatMap((round, index) => {
    const incident = incidents.get(round.subject);
    const toldAt = told.get(index + warmUpRounds);
    const times = incident === undefined ? undefined : timesOf(incident);
    return times === undefined || toldAt === undefined ? [] : [{ ...round, ...times, toldAt }];
  });
  const atOnce = await judgedAtOnce(server.url, { target, receiver });
  const about = (name: string) => ({ part: "verdict", name: `${name}, ${database.name}` });
  return [
    ...spread(
      counted.map(({ judgedMs, lastSeenMs }) => judgedMs - lastSeenMs),
      { ...about("last observation to verdict"), note: "whole ms" },
    ),
    ...spread(
      counted.map(({ toldAt, acceptedAt, slowestMs }) => toldAt - acceptedAt - slowestMs),
      about("accepted to told, less the slowest probe"),
    ),
    { ...about(`verdicts told, ${burst} alerts at once`), value: atOnce, unit: "/s" },
  ];
}

/** How many verdicts a second are told when many pages come in together: the server is warm by then. */
async function judgedAtOnce(
  url: string,
  { target, receiver }: { readonly target: string; readonly receiver: Receiver },
): Promise<number> {
  await receiver.forget();
  using connection = await Connection.open(url);
  for (let number = rounds; number < rounds + burst; number += 1)
    await post(connection, { url, target, number });
  return steadyRate([...(await receiver.arrivals(burst, burstLimitMs)).values()]);
}

async function post(
  connection: Connection,
  { url, target, number }: { readonly url: string; readonly target: string; readonly number: number },
): Promise<Round> {
  const subject = `page ${number}`;
  const body = JSON.stringify({ number, subject, url: `${target}/` });
  const { host } = new URL(url);
  const head = `POST / HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
  const sentAt = nowMs();
  await connection.send(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  return { sentAt, acceptedAt: nowMs(), subject };
}

async function incidentsOf(url: string): Promise<Map<string, IncidentJson>> {
  const response = await fetch(`${url}/api/v1/incidents?limit=200`);
  const { incidents } = (await response.json()) as { incidents: readonly IncidentJson[] };
  return new Map(incidents.map((incident) => [incident.subject, incident]));
}

/** By the clock of the machine that all locations share. */
function timesOf({ runs }: IncidentJson) {
  const [run] = runs;
  if (run === undefined || run.durationMs === null || run.observations.length === 0) return undefined;
  const ends = run.observations.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs);
  return {
    judgedMs: Date.parse(run.startedAt) + run.durationMs,
    lastSeenMs: Math.max(...ends),
    slowestMs: Math.max(...run.observations.map(({ durationMs }) => durationMs)),
  };
}
