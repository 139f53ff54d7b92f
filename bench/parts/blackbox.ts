import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorFigures, timingErrors, type Measured } from "../delays/errors.ts";
import type { DelayServers } from "../delays/visits.ts";
import { beside, type Figure } from "../figure.ts";
import { freePort } from "../free-port.ts";
import { installed } from "../installed.ts";
import type { Part } from "../part.ts";
import { startProgram, started } from "../program.ts";
import { temporaryFolder } from "../temporary.ts";
import { inTurn, measureErrors, openDelayScene, type DelayScene } from "./timing.ts";

const command = "prometheus-blackbox-exporter";

/** The same delay servers probed by Prometheus's blackbox exporter, and by us, idle both. */
export const blackbox: Part = {
  name: "blackbox",
  async run({ say }) {
    const path = installed(command);
    if (path === undefined) {
      say(`SKIPPED: ${command} is not installed`);
      return [];
    }
    await using scene = await openDelayScene();
    say("blackbox: theirs");
    const theirs = await measureTheirs(path, scene);
    say("blackbox: ours");
    const ours = errorFigures(await measureErrors(scene, 0), "blackbox", "ours");
    return ours.flatMap((figure, index) => {
      const other = theirs[index];
      return other === undefined ? [figure] : [beside(figure, other, "theirs"), other];
    });
  },
};

async function measureTheirs(path: string, { servers, authorityFile }: DelayScene): Promise<Figure[]> {
  using folder = temporaryFolder();
  const config = join(folder.path, "blackbox.yml");
  const http = { preferred_ip_protocol: "ip4", tls_config: { ca_file: authorityFile } };
  await writeFile(config, JSON.stringify({ modules: { page: { prober: "http", timeout: "5s", http } } }));
  const port = await freePort();
  const args = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`];
  await using exporter = startProgram(path, args, { outputFile: join(folder.path, "log") });
  const url = `http://127.0.0.1:${port}`;
  await started(exporter, async () => (await fetch(`${url}/-/healthy`)).ok);
  const probed = new Map<string, Measured>();
  await inTurn(servers, async (port) => {
    const path = `/probe-${probed.size}-${port.delayMs}-${port.scheme}`;
    probed.set(path, await probe(url, `${port.url}${path}`));
  });
  return errorFigures(timingErrors(await pairsOf(servers, probed)), "blackbox", "blackbox exporter");
}

async function pairsOf(servers: DelayServers, probed: ReadonlyMap<string, Measured>) {
  return (await servers.visits()).flatMap((visit) => {
    const measured = probed.get(visit.path);
    return measured === undefined ? [] : [{ visit, measured }];
  });
}

async function probe(url: string, target: string): Promise<Measured> {
  const response = await fetch(`${url}/probe?module=page&target=${encodeURIComponent(target)}`);
  const text = await response.text();
  const phase = (name: string) => metric(text, `probe_http_duration_seconds{phase="${name}"}`);
  const tls = phase("tls");
  return {
    tcp: phase("connect"),
    tls: target.startsWith("https") ? tls : null,
    firstByte: phase("processing"),
    download: phase("transfer"),
    total: metric(text, "probe_duration_seconds"),
  };
}

/** Seconds as ms. */
function metric(text: string, name: string): number | null {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1)) * 1000;
}
