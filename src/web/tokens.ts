import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { Proof, SourceSettings } from "../ingest/source-type.ts";
import { sourceTypeByName } from "../ingest/sources/index.ts";
import { describeError } from "../model/errors.ts";
import { Secret, revealSecrets } from "../model/secret.ts";
import { reportTrouble } from "../steps/trouble.ts";
import type { Site } from "./site.ts";

/** What a configuration asks callers for; its secrets as texts. */
interface Tokens {
  readonly ingest: readonly string[];
  readonly api: readonly string[];
  readonly read: readonly string[];
  /** Of each source that has some of its own. */
  readonly bySource: ReadonlyMap<string, readonly string[]>;
  /** Of each source that is judged by what it sends. */
  readonly proofs: ReadonlyMap<string, Proof>;
}

const known = new WeakMap<Config, Tokens>();

/** Who may do what the API offers. */
export function apiTokens(site: Site): readonly string[] {
  return tokensOf(site).api;
}

/** Who may read in the API. */
export function readTokens(site: Site): readonly string[] {
  return tokensOf(site).read;
}

/**
 * Who may send alerts. The tokens of the source that is named, if it has any, take the place of the common ones; null: it
 * has none, and proves itself by a signature.
 */
export function ingestTokens(site: Site, source: string | undefined): readonly string[] | null {
  const { ingest, bySource, proofs } = tokensOf(site);
  return bySource.get(source ?? "") ?? (proofs.has(source ?? "") ? null : ingest);
}

/** How a webhook of a source proves where it comes from; undefined when the token is all that is asked for. */
export function proofOf(site: Site, source: string | undefined): Proof | undefined {
  return tokensOf(site).proofs.get(source ?? "");
}

/** Read once for each configuration, not for each request: a file that has changed is read at the next reload. */
function tokensOf(site: Site): Tokens {
  const { config } = site.context.setup();
  const before = known.get(config);
  if (before !== undefined) return before;
  const ingestToken = (secret: Secret, what: string) =>
    tokenText(site, secret, (note) => void reportTrouble(site.context, "refused-ingest", { what, note }));
  const sources = [...config.sources.values()].map((source) =>
    revealSecrets(source, (reference) => ingestToken(new Secret(reference), source.name)),
  );
  const proofs = sources.flatMap((source) => {
    const proof = sourceTypeByName.get(source.type)?.proof?.(source);
    return proof === undefined ? [] : [[source.name, proof] as const];
  });
  const { server } = config;
  const tokens: Tokens = {
    ingest: server.ingestTokens.map((secret) => ingestToken(secret, "webhook")),
    api: server.apiTokens.map((secret) => tokenText(site, secret)),
    read: server.readTokens.map((secret) => tokenText(site, secret)),
    bySource: new Map(
      sources.map((source) => [source.name, ownTokens(source)] as const).filter(([, own]) => own.length > 0),
    ),
    proofs: new Map(proofs),
  };
  known.set(config, tokens);
  return tokens;
}

/** `token` and `tokens` of a source whose secrets are revealed. */
function ownTokens(source: SourceSettings): string[] {
  return [source.token ?? [], source.tokens ?? []].flat().map(({ reference }) => reference);
}

/**
 * The text of a token or of a signature's secret. One that cannot be read is logged, and a random one stands in for it: it
 * lets nobody in. Without it the list could become empty, which would ask nobody for a token.
 */
function tokenText(site: Site, { reference }: Secret, report?: (note: string) => void): string {
  try {
    const text = site.context.setup().config.secretSource(reference);
    if (text === "") throw new Error("a token is empty");
    return text;
  } catch (error) {
    const why = describeError(error);
    site.context.log.error("token-not-read", { error: why });
    report?.(`a token cannot be read, and its callers are turned away: ${why}`);
    return randomBytes(32).toString("hex");
  }
}
