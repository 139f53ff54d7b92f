import { writeFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import type { Random } from "../fixtures/random.ts";
import { until } from "../fixtures/until.ts";
import { fuzzedForAgent, fuzzedForServer, type Fuzzed } from "./fuzz-requests.ts";
import { fuzzSecrets } from "./fuzz-samples.ts";
import { Ledger, abridged } from "./judge.ts";
import { startListener } from "./listener.ts";
import { RawConnection, type RawAnswer } from "./raw-connection.ts";
import { defineScenario, type Outcome, type Scene } from "./scenario.ts";

const numbers = {
  requests: 1_000_000,
  connections: 16,
  /** Megabytes that memory may grow by after the first quarter. */
  memory: 150,
};
type Numbers = typeof numbers;

/** Requests that are sent in one go on one connection, at most. */
const pipelined = 8;
/** Requests that are kept in files, at most, of both variants together. */
const kept = 40;
let files = 0;

/** What is fuzzed. */
interface Target {
  readonly url: string;
  /** Whether it lives. */
  lives(): Promise<boolean>;
  /** Resident memory in bytes. */
  memory(): Promise<number>;
  readonly next: (random: Random) => Fuzzed;
}

/** Requests that nobody sends: none of them stops it, none is a fault of ours. */
export const fuzz = defineScenario({
  about:
    "mutated requests against ingest, every source, the API and the agent: no crash, no 5xx but overload",
  numbers,
  variants: { server: fuzzServer, agent: fuzzAgent },
});

const noWayOut = { NODE_OPTIONS: `--require=${fileURLToPath(new URL("no-way-out.cjs", import.meta.url))}` };

async function fuzzServer(scene: Scene, wanted: Numbers): Promise<Outcome> {
  await using parts = new AsyncDisposableStack();
  const ledger = new Ledger();
  const listener = parts.use(await startListener(ledger));
  const file = parts.use(await configFile(configOf(listener.url)));
  const database = parts.use(await freshSqlite());
  const server = parts.use(
    await startCrosscheck({ config: file.path, database: database.location, env: noWayOut }),
  );
  const outcome = await fuzzing(scene, wanted, {
    url: server.url,
    lives: async () => (await server.request("/healthz")).status === 200,
    memory: () => memoryOf(file.path),
    next: fuzzedForServer,
  });
  const faults = server.log.filter(({ level }) => level === "error" || level === "fatal");
  const events = new Set(faults.map(({ event }) => String(event)));
  return {
    ...outcome,
    counts: { ...outcome.counts, "errors in the log": faults.length, "of them": [...events].join(", ") },
  };
}

async function fuzzAgent(scene: Scene, wanted: Numbers): Promise<Outcome> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-agent-"));
  parts.defer(() => rm(folder, { recursive: true }));
  const tokens = join(folder, "tokens");
  await writeFile(tokens, `${fuzzSecrets.agent}\n`);
  const agent = parts.use(
    startCommand(["agent", "--listen", "127.0.0.1:0", "--token-file", tokens], { env: noWayOut }),
  );
  const url = await until("the agent to listen", () =>
    [...agent.stdout, ...agent.stderr]
      .map((line) => /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0])
      .find(Boolean),
  );
  const outcome = await fuzzing(scene, wanted, {
    url,
    lives: async () => (await fetch(`${url}/healthz`)).status === 200,
    memory: () => memoryOf(tokens),
    next: fuzzedForAgent,
  });
  return {
    ...outcome,
    counts: { ...outcome.counts, "its last words": agent.stderr.slice(-20).join("\n    ") },
  };
}

/** What has been seen so far. */
class Findings {
  readonly statuses = new Map<number, number>();
  readonly broken: string[] = [];
  done = 0;

  /** @param requests the one at fault, and those before it on its connection that may have to do with it */
  async fault(what: string, requests: readonly Fuzzed[]): Promise<void> {
    files += 1;
    if (files > kept) return void this.broken.push(what);
    const path = join(tmpdir(), `crosscheck-fuzz-${process.pid}-${files}.http`);
    await writeFile(path, Buffer.concat(requests.map(({ bytes }) => bytes)));
    this.broken.push(`${what}, to the last request in ${path}`);
  }
}

async function fuzzing(
  { random, progress }: Scene,
  { requests, connections, memory }: Numbers,
  target: Target,
): Promise<Outcome> {
  const findings = new Findings();
  const started = performance.now();
  const run = (upTo: number) =>
    Promise.all(
      Array.from({ length: connections }, () => keepSending(random, { target, findings, upTo, progress })),
    );
  await run(requests / 4);
  const warmed = await target.memory().catch(() => 0);
  await run(requests);
  const seconds = (performance.now() - started) / 1000;
  const alive = await target.lives().catch(() => false);
  const grown = alive ? (await target.memory()) - warmed : 0;

  const statuses = [...findings.statuses].toSorted(([a], [b]) => a - b);
  return {
    counts: {
      requests: findings.done,
      "requests a second": Math.round(findings.done / seconds),
      statuses: statuses.map(([status, count]) => `${status}: ${count}`).join(", "),
      "memory after a quarter (MB)": megabytes(warmed),
      "growth after it (MB)": megabytes(grown),
    },
    broken: [
      ...(alive ? [] : ["it does not live any more"]),
      ...abridgedByKind(findings.broken),
      ...(grown > memory * 2 ** 20 ? [`memory grew by ${megabytes(grown)} MB, ${memory} are allowed`] : []),
    ],
  };
}

/** A few of each kind of fault: what stands before the first comma. */
function abridgedByKind(broken: readonly string[]): string[] {
  return [...Map.groupBy(broken, (each) => each.split(",")[0])].flatMap(([, each]) => abridged(each));
}

const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);

interface Sending {
  readonly target: Target;
  readonly findings: Findings;
  readonly upTo: number;
  readonly progress: (line: string) => void;
}

async function keepSending(random: Random, { target, findings, upTo, progress }: Sending): Promise<void> {
  let connection: RawConnection | undefined;
  try {
    while (findings.done < upTo) {
      if (connection === undefined || connection.closed) {
        connection?.[Symbol.dispose]();
        connection = await RawConnection.open(target.url);
      }
      const batch = batchOf(random, target.next);
      findings.done += batch.length;
      const reusable = await exchange(connection, batch, findings);
      if (!reusable) {
        connection[Symbol.dispose]();
        connection = undefined;
      }
      progress(`${findings.done} of ${upTo} requests, ${findings.broken.length} faults`);
    }
  } catch (error) {
    findings.broken.push(`no connection, ${(error as Error).message}`);
  } finally {
    connection?.[Symbol.dispose]();
  }
}

/** Some that go out together, or one that goes alone. */
function batchOf(random: Random, next: (random: Random) => Fuzzed): Fuzzed[] {
  const batch: Fuzzed[] = [];
  for (let left = random.whole(1, pipelined); left > 0; left -= 1) {
    const request = next(random);
    if (request.alone) return batch.length > 0 ? batch : [request];
    batch.push(request);
  }
  return batch;
}

/** Sends a batch and judges the answers; whether the connection can be used again. */
async function exchange(
  connection: RawConnection,
  batch: readonly Fuzzed[],
  findings: Findings,
): Promise<boolean> {
  const sound = batch.at(-1)?.sound === true;
  const methods = batch.map(({ method }) => method);
  const { answers, malformed, end } = await connection.exchange(
    batch.map(({ bytes }) => bytes),
    methods,
    { hangUp: !sound },
  );
  for (const [index, answer] of answers.entries()) {
    const request = batch[index] as Fuzzed;
    findings.statuses.set(answer.status, (findings.statuses.get(answer.status) ?? 0) + 1);
    const fault = faultOf(answer, request);
    if (fault !== undefined) await findings.fault(fault, batch.slice(0, index + 1));
  }
  const unanswered = batch[answers.length];
  const sent = batch.slice(0, answers.length + 1);
  if (malformed !== undefined && unanswered !== undefined)
    await findings.fault(`not HTTP, ${malformed}`, sent);
  else if (unanswered?.sound === true && answers.at(-1)?.headers.get("connection") !== "close")
    await findings.fault(`${end} without an answer`, sent);
  else if (end === "no answer in time" && unanswered !== undefined)
    await findings.fault("neither an answer nor an end, though we hung up", sent);
  return end === "all answered" && sound && answers.at(-1)?.headers.get("connection") !== "close";
}

function faultOf({ status, headers, body }: RawAnswer, { method, sound }: Fuzzed): string | undefined {
  // What is no HTTP is turned away before anybody could write a problem down.
  if (status < 400 || (!sound && status < 500)) return undefined;
  if (status >= 500 && (status !== 503 || !headers.has("retry-after")))
    return `status ${status}, ${body.slice(0, 200)}`;
  const type = headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json"))
    return `an error ${status} that is no problem+json, but "${type}"`;
  if (method === "HEAD") return undefined;
  try {
    const problem = JSON.parse(body) as { type?: unknown; title?: unknown; status?: unknown };
    return problem.status === status && typeof problem.title === "string"
      ? undefined
      : `a problem without status and title, ${body.slice(0, 200)}`;
  } catch {
    return `a problem that is no JSON, ${body.slice(0, 200)}`;
  }
}

/** Resident memory of the process with a word in its command line, in bytes. */
async function memoryOf(word: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!line.includes(word)) continue;
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }
  throw new Error(`there is no process with ${word} in its command line`);
}

function configOf(url: string) {
  const { ingest, read, api, signing } = fuzzSecrets;
  return {
    controls: [],
    resolvers: [],
    routes: [
      {
        name: "walkthrough",
        input: 'contains(input.ServiceURL.Reachable, "false")',
        subject: "input.ServiceURL.URL",
        "record-only": true,
      },
      {
        name: "labelled",
        input: 'input.labels.service == "shop"',
        subject: 'sprintf("%v", [input.labels])',
        "record-only": true,
      },
      { name: "kept", "record-only": true },
    ],
    actions: [{ name: "ops", type: "webhook", url: `${url}/ops`, concurrency: 100 }],
    unrouted: ["ops"],
    trouble: ["ops"],
    sources: [
      { name: "alertmanager", type: "alertmanager" },
      { name: "grafana", type: "alertmanager", secrets: [signing] },
      {
        name: "kuma",
        type: "generic",
        status: '{0: "firing", 1: "resolved", 2: "other", 3: "other"}[input.heartbeat.status]',
        "dedup-key": 'sprintf("kuma/%v", [input.monitor.id])',
        url: "input.monitor.url",
      },
      {
        name: "deploys",
        type: "generic",
        secrets: [signing],
        "signature-header": "X-Hub-Signature-256",
        "signature-prefix": "sha256=",
      },
      { name: "hooks", type: "generic", secrets: [`whsec_${signing}`], signature: "standard-webhooks" },
      { name: "pagerduty", type: "pagerduty", secrets: [signing] },
      { name: "aws", type: "sns", topics: ["arn:aws:sns:eu-west-1:123456789012:alarms"] },
    ],
    server: { "ingest-tokens": [ingest], "read-tokens": [read], "api-tokens": [api] },
  };
}
