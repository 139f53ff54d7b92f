import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { Proof } from "../ingest/source-type.ts";
import { sourceTypeByName } from "../ingest/sources/index.ts";
import { describeError } from "../model/errors.ts";
import { Secret, revealSecrets } from "../model/secret.ts";
import { reportTrouble } from "../steps/trouble.ts";
import type { Site } from "./site.ts";

/** What a configuration asks callers for; its secrets as texts. */
interface Tokens {
  readonly ingest: readonly string[];
  readonly api: readonly string[];
  /** Of each source that has one of its own. */
  readonly bySource: ReadonlyMap<string, string>;
  /** Of each source that is judged by what it sends. */
  readonly proofs: ReadonlyMap<string, Proof>;
}

const known = new WeakMap<Config, Tokens>();

/** Who may call the API. Empty: this machine. */
export function apiTokens(site: Site): readonly string[] {
  return tokensOf(site).api;
}

/**
 * Who may send alerts. The token of the source that is named, if it has one, takes the place of the common ones; null: it
 * has none, and proves itself by a signature.
 */
export function ingestTokens(site: Site, source: string | undefined): readonly string[] | null {
  const { ingest, bySource, proofs } = tokensOf(site);
  const own = bySource.get(source ?? "");
  if (own !== undefined) return [own];
  return proofs.has(source ?? "") ? null : ingest;
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
  const own = sources.flatMap((source) => {
    const token: unknown = Reflect.get(source, "token");
    return token instanceof Secret ? [[source.name, token.reference] as const] : [];
  });
  const proofs = sources.flatMap((source) => {
    const proof = sourceTypeByName.get(source.type)?.proof?.(source);
    return proof === undefined ? [] : [[source.name, proof] as const];
  });
  const tokens: Tokens = {
    ingest: config.server.ingestTokens.map((secret) => ingestToken(secret, "webhook")),
    api: config.server.apiTokens.map((secret) => tokenText(site, secret)),
    bySource: new Map(own),
    proofs: new Map(proofs),
  };
  known.set(config, tokens);
  return tokens;
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
