import { SharedProbes } from "./check/shared-probes.ts";
import type { Stale } from "./config/config.ts";
import { Gates } from "./notify/gates.ts";
import { Places } from "./notify/places.ts";
import { createMetrics } from "./metrics.ts";
import type { Actor } from "./model/actor.ts";
import { version } from "./model/version.ts";
import { keepRunning, loadAtStart } from "./server/load-at-start.ts";
import { loaderOf, startOptions } from "./server/loading.ts";
import type { ServerOptions } from "./server/options.ts";
import { primeMetrics } from "./server/prime-metrics.ts";
import { Reloads } from "./server/reloads.ts";
import { openSetup } from "./server/setup.ts";
import { currentSetup } from "./server/setups.ts";
import { openStore } from "./server/store.ts";
import { takeUpStore } from "./server/take-up.ts";
import { beginWork } from "./server/work.ts";
import type { Context } from "./steps/context.ts";
import type { Intake } from "./steps/intake.ts";
import { MuteList } from "./steps/mute-list.ts";
import { LocationHealth } from "./steps/self-watch.ts";
import { DatabaseClock } from "./store/database-clock.ts";
import { createApp } from "./web/app.ts";
import { listenOn } from "./web/listen.ts";
import { ServedCertificate } from "./web/served-certificate.ts";
import type { Site } from "./web/site.ts";
import { watchCertificate } from "./web/watch-certificate.ts";

export type { ServerOptions } from "./server/options.ts";

/** A server that takes alerts; disposing of it stops it: what it had begun goes on at the next start. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8082` */
  readonly url: string;
  /** What the configuration's check had to say that does not keep it from running. */
  readonly warnings: readonly string[];
  /** Why it began with another configuration than the file's; null: it did not. */
  readonly stale: Stale | null;
  /** `actor` is for the audit log; default: the program around us. */
  reload(actor?: Actor): ReturnType<Site["reload"]>;
}

/**
 * Starts Crosscheck in this process: the npm export of the package.
 * A PostgreSQL that is away is not waited for: the server takes alerts as it does when the database goes away later.
 * @throws ConfigError with every fault of the configuration; an Error with one line when the database, a location or the
 * port cannot be opened.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  await using parts = new AsyncDisposableStack();
  const load = loaderOf(options);
  const loaded = await loadAtStart(startOptions(options, load));
  const { config, warnings } = loaded;
  const store = await openStore(parts, options, config);
  const clock = new DatabaseClock(store.database);
  const setups = parts.use(currentSetup(await openSetup(config)));
  const { log } = options;
  const context = createContext({
    database: store.database,
    log,
    setup: () => setups.current(),
    now: clock.now,
  });
  primeMetrics(context.metrics, config);
  const takenUp = takeUpStore(context, clock, store.late);
  if (store.late === null) await takenUp;
  const stopping = new AbortController();
  const { intake, warning, health } = await beginWork(parts, context, { store, clock, stopping });
  await keepRunning(store.folder, loaded, context);
  const certificate = parts.use(certificateOf(context));
  const listen = options.listen ?? config.server.listen;
  const reloads = new Reloads(context, {
    path: options.config,
    load,
    folder: store.folder,
    setups,
    listen,
    certificate,
    health,
    stopping: stopping.signal,
  });
  parts.defer(() => reloads.ended());
  const site = siteOf(context, { intake, reloads, stopping });
  const dropped = () => context.metrics.dropped.inc();
  const { url } = parts.use(await listenOn(createApp(site).fetch, listen, { certificate, dropped }));
  parts.defer(() => {
    stopping.abort();
  });
  log.info("serving", { url, config: config.path, hash: config.hash, database: store.database.kind });
  const started = parts.move();
  return {
    url,
    warnings: [...warnings, ...[store.warning, warning].filter((text) => text !== null)],
    stale: config.stale,
    reload: (actor = { name: "process", address: null }) => reloads.next(actor),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

function siteOf(
  context: Context,
  { intake, reloads, stopping }: { intake: Intake; reloads: Reloads; stopping: AbortController },
): Site {
  return {
    context,
    version,
    receive: (alerts) => intake.receive(alerts),
    canSpool: () => intake.canSpool(),
    reload: (actor) => reloads.next(actor),
    stopping: stopping.signal,
  };
}

function certificateOf(context: Context): ServedCertificate | undefined {
  const { tls } = context.setup().config.server;
  return tls === null ? undefined : new ServedCertificate(tls, watchCertificate(context));
}

function createContext(parts: Pick<Context, "database" | "log" | "setup" | "now">): Context {
  return {
    ...parts,
    metrics: createMetrics(),
    locationHealth: new LocationHealth(),
    sharedProbes: new SharedProbes(parts.now),
    mutes: new MuteList(),
    gates: new Gates(),
    places: new Places(),
    failingAlerts: new Map(),
    random: Math.random,
  };
}
