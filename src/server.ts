import { formatAddress } from "./config/values.ts";
import type { Address } from "./config/values.ts";
import { loadConfig } from "./config/load.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { Config } from "./config/config.ts";
import { ConfigError, describeError } from "./model/errors.ts";
import type { Log } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createPipeline } from "./pipeline.ts";
import { openSetup } from "./setup.ts";
import type { OpenSetup } from "./setup.ts";
import type { Context } from "./steps/context.ts";
import { SharedProbes } from "./check/shared-probes.ts";
import { wakeDigest } from "./steps/digest.ts";
import { MuteList } from "./steps/mute-list.ts";
import { releaseUnmuted } from "./steps/mutes.ts";
import { wakeSelfTests } from "./steps/self-test.ts";
import { LocationHealth } from "./steps/self-watch.ts";
import { reportTrouble } from "./steps/trouble.ts";
import { openDatabase } from "./store/database.ts";
import type { DatabaseLocation } from "./store/database.ts";
import { occupy, releaseLeases } from "./store/sole-server.ts";
import { createApp } from "./web/app.ts";
import { listenOn } from "./web/listen.ts";
import type { Site } from "./web/site.ts";
import { version } from "./model/version.ts";
import { runWorker, watchQueue } from "./worker.ts";

export interface ServerOptions {
  /** Path of the configuration. */
  readonly config: string;
  /** Default: `server.data` of the configuration, else `crosscheck-data` in the working directory. */
  readonly database?: DatabaseLocation | undefined;
  /** Default: `server.listen` of the configuration. Port 0 takes a free one. */
  readonly listen?: Address | undefined;
  /** Starts with a configuration that has faults, and does with it what it can. */
  readonly lenient?: boolean;
  /** Lets actions of the configuration run scripts on this machine. */
  readonly allowExec?: boolean;
  readonly log: Log;
}

/** A server that takes alerts; disposing of it stops it: what it had begun goes on at the next start. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8082` */
  readonly url: string;
  /** What the configuration's check had to say that does not keep it from running. */
  readonly warnings: readonly string[];
  reload(): ReturnType<Site["reload"]>;
}

/**
 * Starts Crosscheck in this process: the npm export of the package.
 * @throws ConfigError with every fault of the configuration; an Error with one line when the database, a location or the
 * port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  await using parts = new AsyncDisposableStack();
  const load = loaderOf(options);
  const { config, warnings } = await load();
  const listen = options.listen ?? config.server.listen;
  refuseOpenDoor(config, listen);
  const location = options.database ?? { data: config.server.data ?? "crosscheck-data" };
  const database = parts.use(await openDatabase(location));
  if ("data" in location) {
    parts.use(await occupy(location.data));
    await database.write([releaseLeases(Date.now())]);
  }
  const setups = parts.use(currentSetup(await openSetup(config)));
  const context = createContext({ database, log: options.log, setup: () => setups.current() });
  const pipeline = createPipeline(context);
  await takeUp(context);
  const stopping = new AbortController();
  const reloads = new Reloads(stopping.signal, () =>
    reloadSetup(context, { path: options.config, load, setups, listen }),
  );
  parts.defer(() => reloads.ended());
  const site: Site = {
    context,
    version,
    receive: (alerts) => pipeline.receive(alerts),
    reload: () => reloads.next(),
    stopping: stopping.signal,
  };
  const working = Promise.all([
    runWorker(context, pipeline, stopping.signal),
    watchQueue(context, stopping.signal),
  ]);
  parts.defer(() => {
    // Aborted before, unless the start has failed.
    stopping.abort();
    return working.then(() => undefined);
  });
  const listener = parts.use(await listenOn(createApp(site).fetch, listen));
  parts.defer(() => {
    stopping.abort();
  });
  const { url } = listener;
  options.log.info("serving", { url, config: config.path, hash: config.hash, database: database.kind });
  const started = parts.move();
  return { url, warnings, reload: () => reloads.next(), [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** What a configuration that has just been loaded makes due. */
async function takeUp(context: Context): Promise<void> {
  await Promise.all([wakeSelfTests(context), wakeDigest(context), releaseUnmuted(context)]);
}

function createContext(parts: Pick<Context, "database" | "log" | "setup">): Context {
  return {
    ...parts,
    metrics: createMetrics(),
    locationHealth: new LocationHealth(),
    sharedProbes: new SharedProbes(Date.now),
    mutes: new MuteList(),
    failingAlerts: new Map(),
    now: Date.now,
    random: Math.random,
  };
}

function loaderOf({ config, lenient = false, allowExec = false }: ServerOptions) {
  return () => loadConfig(config, { secrets: "required", lenient, allowExec });
}

/** Without tokens for both doors only this machine may reach us. */
function refuseOpenDoor({ path, server }: Config, listen: Address): void {
  const loopback = listen.host === "localhost" || listen.host === "::1" || listen.host.startsWith("127.");
  if (loopback) return;
  const refuse = (without: string, danger: string) => {
    const where = formatAddress(listen);
    const fault = `listening on ${where} without server.${without} would ${danger}: set one, or listen on 127.0.0.1`;
    throw new ConfigError([`${path}: error: ${fault}`]);
  };
  if (server.ingestTokens.length === 0) refuse("ingest-tokens", "take pages from anybody");
  if (server.apiTokens.length === 0) refuse("api-tokens", "show them to anybody");
}

interface Setups extends AsyncDisposable {
  current(): OpenSetup;
  /** Puts another setup in place; the one before closes when its last run has ended. */
  swap(next: OpenSetup): void;
}

function currentSetup(first: OpenSetup): Setups {
  let current = first;
  const retiring = new Set<Promise<void>>();
  const retire = (setup: OpenSetup) => {
    const done = setup.retire();
    retiring.add(done);
    void done.finally(() => retiring.delete(done));
  };
  return {
    current: () => current,
    swap(next) {
      const before = current;
      current = next;
      retire(before);
    },
    async [Symbol.asyncDispose]() {
      retire(current);
      await Promise.all(retiring);
    },
  };
}

/** One reload at a time, in the order they were asked for, and none once the server is stopping. */
class Reloads {
  readonly #stopping: AbortSignal;
  readonly #reload: Site["reload"];
  #last: Promise<unknown> = Promise.resolve();

  constructor(stopping: AbortSignal, reload: Site["reload"]) {
    this.#stopping = stopping;
    this.#reload = reload;
  }

  next(): ReturnType<Site["reload"]> {
    const next = this.#last.then(() =>
      this.#stopping.aborted ? { ok: false as const, faults: ["the server is stopping"] } : this.#reload(),
    );
    this.#last = next;
    return next;
  }

  async ended(): Promise<void> {
    await this.#last;
  }
}

interface Reloading {
  readonly path: string;
  readonly load: () => Promise<LoadedConfig>;
  readonly setups: Setups;
  readonly listen: Address;
}

/** Reads the file again: a good configuration takes the place of the running one whole, a bad one changes nothing. */
async function reloadSetup(
  context: Context,
  { path, load, setups, listen }: Reloading,
): ReturnType<Site["reload"]> {
  try {
    const { config, warnings } = await load();
    refuseOpenDoor(config, listen);
    for (const warning of warnings) context.log.warn("config-warning", { warning });
    setups.swap(await openSetup(config));
    await takeUp(context);
    context.metrics.reloads.inc({ result: "ok" });
    context.log.info("config-reloaded", { config: config.path, hash: config.hash });
    return { ok: true, hash: config.hash };
  } catch (error) {
    const faults = error instanceof ConfigError ? error.faults : [describeError(error)];
    context.metrics.reloads.inc({ result: "refused" });
    context.log.error("config-refused", { config: path, faults: faults.join("\n") });
    await reportTrouble(context, "refused-reload", { what: path, note: faults.join("; ") });
    return { ok: false, faults };
  }
}
