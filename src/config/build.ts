import { dirname, resolve } from "node:path";
import * as z from "zod";
import { checkSettings } from "../check/probes/index.ts";
import { writtenCheck } from "../model/check.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import { revealSecrets } from "../model/secret.ts";
import type { ClaimKind } from "../model/claim.ts";
import type { Expression } from "../rego/index.ts";
import type { Check, Config, Digest, Route, ServerSettings } from "./config.ts";
import { mutesOf } from "./mutes.ts";
import { pluginsOf } from "./plugins-schema.ts";
import type { RegoTexts } from "./rego-texts.ts";
import type { FileSettings, RouteSettings } from "./schema.ts";
import { isReference } from "./secrets.ts";
import { functionsOf } from "./votes.ts";

/** What a configuration has beside what stands in its file. */
type Origin = Pick<Config, "path" | "loadedAt" | "hash" | "data" | "secretSource" | "stale">;

/** Puts a file without faults into the form that the program reads. */
export function buildConfig(file: FileSettings, rego: RegoTexts, origin: Origin): Config {
  const actions = byName(file.actions.filter(({ enable }) => enable));
  const functions = functionsOf(file.actions, origin.secretSource);
  const literals = new Map<string, string>();
  return {
    ...origin,
    secretSource: (reference) => literals.get(reference) ?? origin.secretSource(reference),
    locations: byName(file.locations),
    checks: byName(
      file.checks.map((check, index) => ({
        name: check.name,
        written: written(check, literals),
        templates: rego.templates.get(index) ?? [],
        covers: kindsOrRule(check.covers, rego.covers.get(index)),
        selfTest: check.selfTest,
      })),
    ),
    routes: byName(
      file.routes.map((route, index) => routeOf(route, index, { file, rego, actions, functions })),
    ),
    actions,
    functions,
    templates: byName([...rego.messages.values()]),
    controls: file.controls,
    resolvers: file.resolvers,
    selfTestMs: file.selfTest,
    mutes: mutesOf(file.mutes),
    storm: { incidents: file.storm.incidents, withinMs: file.storm.within, updateMs: file.storm.update },
    digest: digestOf(file.digest),
    unrouted: file.unrouted ?? [],
    trouble: file.trouble ?? [],
    sources: byName(file.sources),
    aquaServer: aquaServerOf(file.aquaServer),
    server: serverOf(file.server, dirname(origin.path)),
  };
}

interface Built {
  readonly file: FileSettings;
  readonly rego: RegoTexts;
  readonly actions: Config["actions"];
  readonly functions: Config["functions"];
}

function routeOf(route: RouteSettings, index: number, { file, rego, actions, functions }: Built): Route {
  const listed = new Set(file.actions.map(({ name }) => name));
  return {
    name: route.name,
    input: rego.inputs.get(index) ?? null,
    inputText: route.input ?? null,
    subject: rego.subjects.get(index) ?? null,
    mode: route.mode,
    actions: route.actions.filter(
      (action) => !functions.has(action) && (actions.has(action) || !listed.has(action)),
    ),
    template: route.template ?? null,
    plugins: pluginsOf(route.plugins),
    serializeActions: route.serializeActions,
    checks: route.checks,
    votes: [...new Set(route.actions.filter((action) => functions.has(action)))],
    locations: route.locations ?? file.locations.map(({ name }) => name),
    spare: route.spare,
    claim: kindsOrRule(route.claim, rego.claims.get(index)),
    policy: policyOf(route.verdict),
    notify: route.notify,
    recordOnly: route.recordOnly,
    runbook: route.runbook ?? null,
  };
}

/** As Postee's templates expect it. */
function aquaServerOf(base: string | undefined): string | null {
  if (base === undefined || base === "") return null;
  return `${base}${base.endsWith("/") ? "" : "/"}#/images/`;
}

function byName<T extends { readonly name: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

/** Plans are stored: a secret that stands in the file as it is gets a name there, and its text stays in memory. */
function written(check: FileSettings["checks"][number], literals: Map<string, string>): Check["written"] {
  const named = revealSecrets(check, (reference, path) => {
    if (isReference(reference)) return reference;
    // By its place, so that a plan that was made before a reload means the same secret after it.
    const name = `config:${check.name}/${path.join("/")}`;
    literals.set(name, reference);
    return name;
  });
  return writtenCheck.parse(z.encode(checkSettings, named));
}

/** A list stands as it is written; text is a rule over the alert, compiled. */
function kindsOrRule(
  written: readonly ClaimKind[] | string | undefined,
  rule: Expression | undefined,
): readonly ClaimKind[] | Expression | null {
  return Array.isArray(written) ? (written as readonly ClaimKind[]) : (rule ?? null);
}

function digestOf(digest: FileSettings["digest"]): Digest | null {
  if (digest === undefined) return null;
  const [hours = 0, minutes = 0] = digest.at.split(":").map(Number);
  return { actions: digest.actions, atMs: (hours * 60 + minutes) * 60_000 };
}

function policyOf(verdict: RouteSettings["verdict"]): VerdictPolicy {
  return {
    confirm: verdict.confirm,
    sampling: { count: verdict.samples, intervalMs: verdict.sampleInterval },
    deadlineMs: verdict.deadline,
    secondLookMs: verdict.secondLook,
    secondLookDeadlineMs: verdict.secondLookDeadline,
    holdMs: verdict.hold,
    recheckMs: verdict.recheck,
    openRecheckMs: verdict.openRecheck,
    recovery: { runs: verdict.recovery.runs, overMs: verdict.recovery.over },
    reopenWithinMs: verdict.reopen,
    flapping: {
      reopenings: verdict.flapping.reopenings,
      withinMs: verdict.flapping.within,
      cleanMs: verdict.flapping.clean,
    },
    insist: {
      spares: verdict.insist.spares,
      withinMs: verdict.insist.within,
      unresolvedMs: verdict.insist.unresolved,
    },
  };
}

/** Paths of files are relative to the configuration's folder. */
function serverOf(server: FileSettings["server"], folder: string): ServerSettings {
  const { tls, heartbeat, retention } = server;
  return {
    listen: server.listen,
    tls:
      tls === undefined
        ? null
        : { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) },
    publicUrl: server.publicUrl ?? null,
    ingestTokens: server.ingestTokens,
    apiTokens: server.apiTokens,
    readTokens: server.readTokens,
    allowPrivateTargets: server.allowPrivateTargets,
    maxBodyBytes: server.maxBody,
    data: server.data ?? null,
    spoolBytes: server.spool,
    emergency: server.emergency,
    heartbeat: heartbeat === undefined ? null : { url: heartbeat.url, everyMs: heartbeat.every },
    retention: { bodiesMs: retention.bodies, historyMs: retention.history },
    runsAtOnce: server.runsAtOnce,
    shareProbesMs: server.shareProbes,
  };
}
