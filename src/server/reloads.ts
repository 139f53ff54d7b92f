import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Address } from "../config/values.ts";
import type { Actor } from "../model/actor.ts";
import { ConfigError, describeError } from "../model/errors.ts";
import type { Context } from "../steps/context.ts";
import { noteReload } from "../steps/note-reload.ts";
import { reportTrouble } from "../steps/trouble.ts";
import type { ServedCertificate } from "../web/served-certificate.ts";
import type { Site } from "../web/site.ts";
import { keepRunning } from "./load-at-start.ts";
import { refuseOpenDoor } from "./loading.ts";
import type { OwnHealth } from "./own-health.ts";
import { primeMetrics } from "./prime-metrics.ts";
import { restartHints } from "./restart-hints.ts";
import { openSetup } from "./setup.ts";
import type { Setups } from "./setups.ts";
import { takeUp } from "./take-up.ts";

/** How long a reload that is under way may hold up the end: what it reads may never answer. */
const reloadGraceMs = 2000;

export interface Reloading {
  readonly path: string;
  readonly load: () => Promise<LoadedConfig>;
  /** Of the last good configuration; null: there is none. */
  readonly folder: string | null;
  readonly setups: Setups;
  readonly listen: Address;
  readonly certificate: ServedCertificate | undefined;
  readonly health: OwnHealth;
  readonly stopping: AbortSignal;
}

/** One reload at a time, in the order they were asked for, and none once the server is stopping. */
export class Reloads {
  readonly #context: Context;
  readonly #options: Reloading;
  /** What the process was started with. */
  readonly #began: Config;
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: Context, options: Reloading) {
    this.#context = context;
    this.#options = options;
    this.#began = context.setup().config;
  }

  next(actor: Actor): ReturnType<Site["reload"]> {
    const next = this.#last.then(() =>
      this.#options.stopping.aborted
        ? { ok: false as const, faults: ["the server is stopping"] }
        : this.#reload(actor),
    );
    this.#last = next;
    return next;
  }

  async ended(): Promise<void> {
    const timer = new AbortController();
    const late = sleep(reloadGraceMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.#last, late]).finally(() => timer.abort());
  }

  /** Reads the file again: a good configuration takes the place of the running one whole, a bad one changes nothing. */
  async #reload(actor: Actor): ReturnType<Site["reload"]> {
    const context = this.#context;
    try {
      const { config, hints } = await this.#swap();
      await noteReload(context, actor, { hash: config.hash });
      context.metrics.reloads.inc({ result: "ok" });
      context.log.info("config-reloaded", { config: config.path, hash: config.hash });
      return { ok: true, hash: config.hash, warnings: hints };
    } catch (error) {
      const { path } = this.#options;
      const faults = error instanceof ConfigError ? error.faults : [describeError(error)];
      await noteReload(context, actor, { faults: faults.length });
      context.metrics.reloads.inc({ result: "refused" });
      context.metrics.reloadOk.set(0);
      context.log.error("config-refused", { config: path, faults: faults.join("\n") });
      await reportTrouble(context, "refused-reload", { what: path, note: faults.join("; ") });
      return { ok: false, faults };
    }
  }

  /** Whatever can fail comes before the running one is touched. */
  async #swap(): Promise<{ readonly config: Config; readonly hints: string[] }> {
    const context = this.#context;
    const { load, folder, setups, listen, certificate, health } = this.#options;
    const loaded = await load();
    const { config, warnings } = loaded;
    refuseOpenDoor(config, listen);
    const hints = restartHints(this.#began, config);
    for (const warning of [...warnings, ...hints]) context.log.warn("config-warning", { warning });
    const next = await openSetup(config);
    await health.announce(config);
    const before = context.setup().config;
    setups.swap(next);
    await keepRunning(folder, loaded, context);
    if (config.server.tls !== null) certificate?.use(config.server.tls);
    primeMetrics(context.metrics, config, before);
    await takeUp(context);
    return { config, hints };
  }
}
