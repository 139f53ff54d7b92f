import type { FunctionSettings } from "../check/locations/function.ts";
import type { LocationSettings } from "../check/location-type.ts";
import type { SourceSettings } from "../ingest/source-type.ts";
import type { Mode, NotifyLists } from "../model/action.ts";
import type { WrittenCheck } from "../model/check.ts";
import type { ClaimKind } from "../model/claim.ts";
import type { Mute } from "../model/mute.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { Secret, SecretSource } from "../model/secret.ts";
import type { ActionSettings } from "../notify/action-type.ts";
import type { Condition, Expression } from "../rego/index.ts";
import type { MessageTemplate } from "../route/message-template.ts";
import type { Template } from "../route/template.ts";
import type { Address } from "./values.ts";

/** A text of a check that is rendered from the alert before the check runs. */
export interface CheckTemplate {
  /** Where in `Check.written` the text stands. */
  readonly path: readonly PropertyKey[];
  readonly template: Template;
}

export interface Check {
  readonly name: string;
  /** As plans keep it and the probe protocol sends it, all defaults filled in; templates are not rendered yet. */
  readonly written: WrittenCheck;
  readonly templates: readonly CheckTemplate[];
  /** What its pass proves; null: nobody has said. */
  readonly covers: readonly ClaimKind[] | Expression | null;
  readonly selfTest: boolean;
}

export interface Route {
  readonly name: string;
  /** Which alerts it takes; null: all. */
  readonly input: Condition | null;
  /** `input` as it is written, to explain why it does not hold; null where there is none or it stands in files. */
  readonly inputText: string | null;
  /** What the incident is about; null: what the source read. */
  readonly subject: Expression | null;
  readonly mode: Mode;
  /**
   * Told when the alert arrives. Actions that are switched off are left out; under `--lenient` some may not exist, and
   * what is due to them becomes a dead letter.
   */
  readonly actions: readonly string[];
  /** What `actions` are told on arrival; null: each action's own message. */
  readonly template: string | null;
  readonly plugins: Plugins;
  /** `actions` are told one after the other, in the order of the list. */
  readonly serializeActions: boolean;
  readonly checks: readonly string[];
  /** Those that the file lists among the actions and that are votes: functions of the user's own (votes.ts). */
  readonly votes: readonly string[];
  /** Where its checks run: all locations when the file names none. */
  readonly locations: readonly string[];
  readonly spare: boolean;
  /** What its alerts say is wrong; null: what their words say. */
  readonly claim: readonly ClaimKind[] | Expression | null;
  readonly policy: VerdictPolicy;
  readonly notify: NotifyLists;
  readonly recordOnly: boolean;
  readonly runbook: string | null;
}

/** Postee's `plugins`, which act on a route's `actions` only. */
export interface Plugins {
  /**
   * Messages gathered into one: so many, or what comes within a time. When both are given the number alone decided in
   * Postee.
   */
  readonly aggregate: { readonly count: number | null; readonly timeoutMs: number | null } | null;
  /** Told once for the same values at these dotted paths of the alert; null: for ever. */
  readonly unique: { readonly props: readonly string[]; readonly timeoutMs: number | null } | null;
}

export interface ServerSettings {
  readonly listen: Address;
  readonly publicUrl: string | null;
  readonly ingestTokens: readonly Secret[];
  /** May do everything that the API offers. */
  readonly apiTokens: readonly Secret[];
  /** May read. */
  readonly readTokens: readonly Secret[];
  /** PEM files, by absolute path. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
  /** CIDR */
  readonly allowPrivateTargets: readonly string[];
  readonly maxBodyBytes: number;
  /** Folder of the database, and of the spool. */
  readonly data: string | null;
  readonly spoolBytes: number;
  /** Actions told of alerts that can be kept nowhere. */
  readonly emergency: readonly string[];
  /** Asked to say that this server lives. */
  readonly heartbeat: { readonly url: Secret; readonly everyMs: number } | null;
  readonly retention: { readonly bodiesMs: number; readonly historyMs: number };
  readonly runsAtOnce: number;
  readonly shareProbesMs: number;
}

/** When many incidents on one pager become one page. */
export interface Storm {
  readonly incidents: number;
  readonly withinMs: number;
  readonly updateMs: number;
}

/** A daily summary; `atMs` is the time of day in UTC. */
export interface Digest {
  readonly actions: readonly string[];
  readonly atMs: number;
}

/** Why it is not what the file says now: the file has these faults, and this was its last state without any. */
export interface Stale {
  /** When it was loaded first, in ms since 1970. */
  readonly keptAt: number;
  readonly faults: readonly string[];
}

/**
 * The configuration as the program reads it: checked whole, every default in place, every reference to something that
 * exists, but for what `--lenient` lets pass. Secrets are references; `secretSource` reads them when they are used.
 */
export interface Config {
  readonly path: string;
  /** ms since 1970 */
  readonly loadedAt: number;
  /** SHA-256 over the file and its data files, in hex. */
  readonly hash: string;
  /** null: it is what the file says. */
  readonly stale: Stale | null;
  readonly locations: ReadonlyMap<string, LocationSettings>;
  readonly checks: ReadonlyMap<string, Check>;
  /** In the order of the file, which is the order in which they are tried. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Those that are switched on. */
  readonly actions: ReadonlyMap<string, ActionSettings>;
  /** The actions that are votes. */
  readonly functions: ReadonlyMap<string, FunctionSettings>;
  readonly templates: ReadonlyMap<string, MessageTemplate>;
  /** URLs that locations ask when something fails below HTTP, but for those that have their own. */
  readonly controls: readonly string[];
  readonly resolvers: readonly string[];
  readonly selfTestMs: number;
  readonly mutes: readonly Mute[];
  readonly storm: Storm;
  readonly digest: Digest | null;
  readonly unrouted: readonly string[];
  readonly trouble: readonly string[];
  readonly sources: ReadonlyMap<string, SourceSettings>;
  /** Where Aqua's pages about images begin, with a slash at its end; null: nobody said. */
  readonly aquaServer: string | null;
  readonly server: ServerSettings;
  /** What Rego sees under `data` beside `alert`, `incident` and `verdict`. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly secretSource: SecretSource;
}
