import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeAuthority } from "../../test/fixtures/certificates.ts";
import { cpuTimes, stolenPercent } from "../cpu.ts";
import { startCrosscheck } from "../crosscheck.ts";
import { errorFigures, timingErrors, type Measured, type TimingErrors } from "../delays/errors.ts";
import { startDelayServers, visitHeader, type DelayServers } from "../delays/visits.ts";
import { beside, type Figure } from "../figure.ts";
import { startLoad } from "../load/load.ts";
import type { Bench, Part } from "../part.ts";
import { quantile } from "../statistics.ts";
import { temporaryFolder } from "../temporary.ts";

const delaysMs = [0, 10, 50, 200];
export const measureMs = 14_000;
const loadPerSecond = 500;
const coldStarts = 5;

/** The delay servers with a certificate that whoever is given the authority's file trusts. */
export interface DelayScene extends AsyncDisposable {
  readonly servers: DelayServers;
  readonly authorityFile: string;
}

export async function openDelayScene(): Promise<DelayScene> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporaryFolder());
  const authority = await makeAuthority();
  const authorityFile = join(folder.path, "authority.pem");
  await writeFile(authorityFile, authority.cert);
  const servers = parts.use(
    await startDelayServers(delaysMs, await authority.issue({ names: ["127.0.0.1", "localhost"] })),
  );
  const opened = parts.move();
  return { servers, authorityFile, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** How far the timings of probes are off what the probed server knows they were. */
export const timing: Part = {
  name: "timing",
  async run({ say }: Bench) {
    await using scene = await openDelayScene();
    say("timing: first probes after a start");
    const figures = await coldFigures(scene);
    say("timing: idle");
    const idle = errorFigures(await measureErrors(scene, 0), "timing", "idle");
    say(`timing: ${loadPerSecond} alerts a second`);
    const since = cpuTimes();
    const errors = await measureErrors(scene, loadPerSecond);
    const stolen = stolenPercent(since);
    const loaded = errorFigures(errors, "timing", `${loadPerSecond} alerts/s`);
    const busy = loaded.map((figure, index) => beside(figure, idle[index], "idle"));
    const name = `of the cores' time taken by other machines, ${loadPerSecond} alerts/s`;
    return [...figures, ...idle, ...busy, { part: "timing", name, value: stolen, unit: "%" }];
  },
};

/** Samples follow each other at once; nothing else is asked of the server about them. */
function probingConfig(samples: number) {
  return {
    checks: [{ name: "page", type: "http", url: "{{ input.url }}", timeout: "5s" }],
    routes: [
      {
        name: "probe",
        "record-only": true,
        input: "input.probe",
        subject: "input.subject",
        checks: ["page"],
        verdict: { samples, "sample-interval": "5ms", "second-look": "1s", "second-look-deadline": "3s" },
      },
      { name: "kept", "record-only": true, input: "input.monitor" },
    ],
    server: { "allow-private-targets": ["127.0.0.0/8"] },
  };
}

interface ProbedAttempt {
  readonly timings: Measured;
  readonly http?: { readonly headers: Readonly<Record<string, string>> };
}

interface Answer {
  readonly incidents?: readonly {
    readonly runs: readonly {
      readonly observations: readonly { readonly attempts: readonly ProbedAttempt[] }[];
    }[];
  }[];
}

let asked = 0;

/** Has a page probed by way of an alert about it, as in production. */
async function probe(url: string, target: string): Promise<readonly ProbedAttempt[]> {
  asked += 1;
  const response = await fetch(`${url}/?wait=30s`, {
    method: "POST",
    body: JSON.stringify({ probe: true, subject: `page ${asked}`, url: target }),
  });
  const { incidents = [] } = (await response.json()) as Answer;
  return incidents.flatMap(({ runs }) =>
    runs.flatMap(({ observations }) => observations.flatMap(({ attempts }) => attempts)),
  );
}

/** Attempts with what the probed server knows of them. */
async function pairsOf(servers: DelayServers, attempts: readonly ProbedAttempt[]) {
  const visits = new Map((await servers.visits()).map((visit) => [String(visit.number), visit]));
  return attempts.flatMap(({ timings, http }) => {
    const visit = visits.get(http?.headers[visitHeader] ?? "");
    return visit === undefined ? [] : [{ visit, measured: timings }];
  });
}

/** All delay servers are probed over and over, while so many alerts a second come in beside it. */
export async function measureErrors(
  { servers, authorityFile }: DelayScene,
  perSecond: number,
): Promise<TimingErrors> {
  await using server = await startCrosscheck({
    config: probingConfig(3),
    env: { NODE_EXTRA_CA_CERTS: authorityFile },
  });
  await using load = startLoad();
  await probeAll(server.url, servers);
  const spec = { url: `${server.url}/`, form: "crosscheck", subjects: "distinct", connections: 64 } as const;
  const pace = { kind: "rate", perSecond, ms: measureMs } as const;
  const loading = perSecond === 0 ? undefined : load.ask({ ...spec, pace });
  const attempts: ProbedAttempt[] = [];
  await inTurn(servers, async (port) => {
    attempts.push(...(await probe(server.url, `${port.url}/`)));
  });
  await loading;
  return timingErrors(await pairsOf(servers, attempts));
}

/**
 * Probes page after page for a while, two at a time, one plain and one with TLS: more at once would measure how probes
 * disturb each other on two cores, and not how true one is.
 */
export async function inTurn(
  { ports }: DelayServers,
  probeOne: (port: DelayServers["ports"][number]) => Promise<void>,
): Promise<void> {
  const end = performance.now() + measureMs;
  const lanes = Object.values(Object.groupBy(ports, ({ scheme }) => scheme));
  await Promise.all(
    lanes.map(async (lane) => {
      for (let turn = 0; performance.now() < end; turn += 1) {
        const port = lane[turn % lane.length];
        if (port !== undefined) await probeOne(port);
      }
    }),
  );
}

/** Once each, uncounted: the first probes are a figure of their own. */
async function probeAll(url: string, { ports }: DelayServers): Promise<void> {
  await Promise.all(ports.map((port) => probe(url, `${port.url}/`)));
}

/** The first and the second probe of a server that has just started, at a page without delay. */
async function coldFigures({ servers, authorityFile }: DelayScene): Promise<Figure[]> {
  const target = servers.ports.find(({ scheme, delayMs }) => scheme === "https" && delayMs === 0);
  const seen: { first: Measured[]; second: Measured[] } = { first: [], second: [] };
  for (let start = 0; start < coldStarts; start += 1) {
    await using server = await startCrosscheck({
      config: probingConfig(2),
      env: { NODE_EXTRA_CA_CERTS: authorityFile },
    });
    const [first, second] = await probe(server.url, `${target?.url}/`);
    if (first !== undefined) seen.first.push(first.timings);
    if (second !== undefined) seen.second.push(second.timings);
  }
  return (["first", "second"] as const).flatMap((which) =>
    (["tcp", "tls", "firstByte", "download"] as const).map((phase) => ({
      part: "timing",
      name: `${which} probe after a start, ${phase}, worst of ${coldStarts}`,
      value: quantile(
        seen[which].map((timings) => timings[phase] ?? NaN),
        1,
      ),
      unit: "ms" as const,
    })),
  );
}
