import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startCrosscheck } from "../crosscheck.ts";
import { beside, spread, type Figure } from "../figure.ts";
import { freePort } from "../free-port.ts";
import type { Helper } from "../helper.ts";
import { installed } from "../installed.ts";
import { startLoad } from "../load/load.ts";
import type { AlertForm, LoadResult, LoadSpec } from "../load/spec.ts";
import type { Part } from "../part.ts";
import { residentMb, startProgram, started } from "../program.ts";
import { startReceiver, type Receiver } from "../receiver/receiver.ts";
import { temporaryFolder } from "../temporary.ts";
import { steadyRate, tellingConfig } from "./deliver.ts";

const command = "prometheus-alertmanager";
const floodPace = { kind: "flood", warmUpMs: 500, ms: 2000 } as const;
const connections = 25;
const burst = 2000;
const burstLimitMs = 10_000;

/** Whoever takes alerts and tells a receiver, one message an alert. */
interface Taker extends AsyncDisposable {
  readonly name: string;
  readonly form: AlertForm;
  readonly alertsUrl: string;
  readonly pid: number;
}

interface Scene {
  readonly load: Helper<LoadSpec, LoadResult>;
  readonly receiver: Receiver;
  readonly open: () => Promise<Taker>;
}

/**
 * The same load and the same receiver for Prometheus Alertmanager. It answers before anything is on disk and forgets what
 * it was told if it dies within 15 minutes; its figures are what that buys.
 */
export const alertmanager: Part = {
  name: "alertmanager",
  async run({ say }) {
    const path = installed(command);
    if (path === undefined) {
      say(`SKIPPED: ${command} is not installed`);
      return [];
    }
    await using load = startLoad();
    await using receiver = await startReceiver();
    say("alertmanager: theirs");
    const theirs = await measure({ load, receiver, open: () => openTheirs(path, receiver.url) });
    say("alertmanager: ours");
    const ours = await measure({ load, receiver, open: () => openOurs(receiver.url) });
    return ours.flatMap((figure, index) => {
      const other = theirs[index];
      return other === undefined ? [figure] : [beside(figure, other, "theirs"), other];
    });
  },
};

async function measure(scene: Scene): Promise<Figure[]> {
  return [...(await accepting(scene)), ...(await telling(scene))];
}

/** Accepted while the messages about them go out as well. */
async function accepting({ load, receiver, open }: Scene): Promise<Figure[]> {
  await receiver.forget();
  await using taker = await open();
  const { name, alertsUrl: url, form } = taker;
  const result = await load.ask({ url, form, subjects: "distinct", connections, pace: floodPace });
  const part = "alertmanager";
  return [
    { part, name: `accepted, ${name}`, value: (result.accepted * 1000) / result.ms, unit: "/s" },
    ...spread(result.latencies, { part, name: `answer after, ${name}` }),
  ];
}

async function telling({ load, receiver, open }: Scene): Promise<Figure[]> {
  await receiver.forget();
  await using taker = await open();
  const { name, alertsUrl: url, form } = taker;
  const pace = { kind: "count", count: burst } as const;
  await load.ask({ url, form, subjects: "distinct", connections, pace });
  const arrivals = await receiver.arrivals(burst, burstLimitMs);
  const part = "alertmanager";
  const note = arrivals.size < burst ? { note: `only ${arrivals.size} of ${burst} arrived in time` } : {};
  return [
    { part, name: `webhooks, ${name}`, value: steadyRate([...arrivals.values()]), unit: "/s", ...note },
    { part, name: `memory after ${burst} alerts, ${name}`, value: residentMb(taker.pid), unit: "MB" },
  ];
}

async function openOurs(receiverUrl: string): Promise<Taker> {
  const server = await startCrosscheck({ config: tellingConfig(receiverUrl) });
  return {
    name: "ours",
    form: "crosscheck",
    alertsUrl: `${server.url}/`,
    pid: server.pid,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openTheirs(path: string, receiverUrl: string): Promise<Taker> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporaryFolder());
  const config = join(folder.path, "alertmanager.yml");
  await writeFile(config, JSON.stringify(theirConfig(receiverUrl)));
  const port = await freePort();
  const args = [
    `--config.file=${config}`,
    `--storage.path=${join(folder.path, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--cluster.listen-address=",
  ];
  const server = parts.use(startProgram(path, args, { outputFile: join(folder.path, "log") }));
  const url = `http://127.0.0.1:${port}`;
  await started(server, async () => (await fetch(`${url}/-/ready`)).ok);
  const opened = parts.move();
  return {
    name: "alertmanager",
    form: "alertmanager",
    alertsUrl: `${url}/api/v2/alerts`,
    pid: server.pid,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** `...`: every alert is a group of its own, told at once, as ours are. */
function theirConfig(receiverUrl: string) {
  return {
    route: {
      receiver: "receiver",
      group_by: ["..."],
      group_wait: "0s",
      group_interval: "1s",
      repeat_interval: "1h",
    },
    receivers: [{ name: "receiver", webhook_configs: [{ url: receiverUrl, send_resolved: false }] }],
  };
}
