import { parseArgs } from "node:util";
import * as z from "zod";
import { issueLines } from "../check/issues.ts";
import { checkSettings } from "../check/probes/index.ts";
import { local } from "../check/locations/local.ts";
import type { Location } from "../check/location-type.ts";
import { runChecks } from "../check/run-check.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { writtenCheck } from "../model/check.ts";
import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import { probeProtocolVersion } from "../model/probe-protocol.ts";
import { openSetup } from "../server/setup.ts";
import { revealCheck } from "../steps/reveal.ts";
import { voteOf } from "../verdict/judge.ts";
import { findConfig } from "./config-file.ts";
import { observationTable } from "./table.ts";
import { checkOfUrl } from "./check-url.ts";
import { UsageError } from "./usage.ts";

const exit = { pass: 0, fail: 1, usage: 2, unknown: 3 } as const;
const deadlineMs = 20_000;

const usage =
  "usage: crosscheck check URL, or crosscheck check --config FILE --check NAME [--from eu,na] [--json]\n";

/** `crosscheck check`: one check now, from here or from the configuration's locations; nobody is told. */
export async function check(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      config: { type: "string" },
      check: { type: "string" },
      from: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [url] = positionals;
  const alone = values.check === undefined && values.from === undefined && values.config === undefined;
  if (positionals.length > 1 || (url === undefined ? values.check === undefined : !alone)) {
    process.stderr.write(usage);
    return exit.usage;
  }
  const observations =
    url === undefined
      ? await checkNamed({ config: findConfig(values.config), check: values.check ?? "", from: values.from })
      : await checkUrl(url);
  show(observations, values.json);
  return exitCode(observations);
}

async function checkUrl(url: string): Promise<Observation[]> {
  const parsed = checkSettings.safeParse(checkOfUrl(url));
  if (!parsed.success) throw new UsageError(`${url}: ${issueLines(parsed.error).join("; ")}`);
  await using here = await local.open({ type: "local", name: "here" });
  const written = writtenCheck.parse(z.encode(checkSettings, parsed.data));
  return await ask({ check: written, allowPrivate: [], config: null }, [here]);
}

async function checkNamed(wanted: {
  readonly config: string;
  readonly check: string;
  readonly from: string | undefined;
}): Promise<Observation[]> {
  const { config } = await loadConfig(wanted.config, { secrets: "required" });
  const recipe = config.checks.get(wanted.check);
  if (recipe === undefined)
    throw new Error(`${wanted.config} has no check called ${JSON.stringify(wanted.check)}`);
  if (recipe.templates.length > 0) {
    throw new Error(`${wanted.check} takes its target from an alert, and there is none: name a URL instead`);
  }
  const names = locationNames(config, wanted.from);
  const setup = await openSetup(config);
  try {
    const locations = names.flatMap((name) => setup.locations.get(name) ?? []);
    const revealed = revealCheck(recipe.written, config.secretSource);
    const { allowPrivateTargets } = config.server;
    return await ask({ check: revealed, allowPrivate: allowPrivateTargets, config }, locations);
  } finally {
    await setup.retire();
  }
}

function locationNames(config: Config, from: string | undefined): string[] {
  const all = [...config.locations.keys()];
  if (from === undefined) return all;
  const names = from.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`no location is called ${JSON.stringify(unknown)}: there are ${all.join(", ")}`);
  return names;
}

interface Asked {
  readonly check: WrittenCheck;
  /** Where redirects may lead beside public addresses. */
  readonly allowPrivate: readonly string[];
  /** Whose controls and resolvers a location may ask in turn; null: nobody's. */
  readonly config: Config | null;
}

function ask(asked: Asked, locations: readonly Location[]): Promise<Observation[]> {
  const request = {
    version: probeProtocolVersion,
    check: asked.check,
    samples: { count: 3, intervalMs: 1000 },
    resolvers: [...(asked.config?.resolvers ?? [])],
    deadlineMs,
    target: { from: "config" as const, allowPrivate: [...asked.allowPrivate] },
  };
  const questions = locations.map((location) => ({
    check: asked.check.name,
    location,
    request: { ...request, controls: controlsOf(asked.config, location.name), location: location.name },
  }));
  const look = { questions, deadlineMs, settled: () => false, onObservation: () => {} };
  return runChecks(look, new AbortController().signal);
}

function controlsOf(config: Config | null, location: string): string[] {
  return [...(config?.locations.get(location)?.controls ?? config?.controls ?? [])];
}

function show(observations: readonly Observation[], json: boolean): void {
  const text = json
    ? JSON.stringify({ observations }, null, 2)
    : observationTable(observations, { colour: process.stdout.isTTY });
  process.stdout.write(`${text}\n`);
}

function exitCode(observations: readonly Observation[]): number {
  const votes = observations.map((observation) => voteOf(observation));
  if (votes.some((vote) => vote === "fail" || vote === "flaky")) return exit.fail;
  return votes.some((vote) => vote === "pass" || vote === "degraded") ? exit.pass : exit.unknown;
}
