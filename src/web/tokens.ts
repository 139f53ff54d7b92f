import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import { describeError } from "../model/errors.ts";
import { Secret } from "../model/secret.ts";
import { reportTrouble } from "../steps/trouble.ts";
import type { Site } from "./site.ts";

/** The tokens of a configuration as texts. */
interface Tokens {
  readonly ingest: readonly string[];
  readonly api: readonly string[];
  /** Of each source that has one of its own. */
  readonly bySource: ReadonlyMap<string, string>;
}

const known = new WeakMap<Config, Tokens>();

/** Who may call the API. Empty: this machine. */
export function apiTokens(site: Site): readonly string[] {
  return tokensOf(site).api;
}

/** Who may send alerts. The token of the source that is named, if it has one, takes the place of the common ones. */
export function ingestTokens(site: Site, source: string | undefined): readonly string[] {
  const { ingest, bySource } = tokensOf(site);
  const own = bySource.get(source ?? "");
  return own === undefined ? ingest : [own];
}

/** Read once for each configuration, not for each request: a file that has changed is read at the next reload. */
function tokensOf(site: Site): Tokens {
  const { config } = site.context.setup();
  const before = known.get(config);
  if (before !== undefined) return before;
  const ingestToken = (secret: Secret, what: string) =>
    tokenText(site, secret, (note) => void reportTrouble(site.context, "refused-ingest", { what, note }));
  const own = [...config.sources.values()].flatMap((source) => {
    const token: unknown = Reflect.get(source, "token");
    return token instanceof Secret ? [[source.name, ingestToken(token, source.name)] as const] : [];
  });
  const tokens: Tokens = {
    ingest: config.server.ingestTokens.map((secret) => ingestToken(secret, "webhook")),
    api: config.server.apiTokens.map((secret) => tokenText(site, secret)),
    bySource: new Map(own),
  };
  known.set(config, tokens);
  return tokens;
}

/**
 * A token's text. One that cannot be read is logged, and a random one stands in for it: it lets nobody in. Without it the
 * list could become empty, which would ask nobody for a token.
 */
function tokenText(site: Site, { reference }: Secret, report?: (note: string) => void): string {
  try {
    return site.context.setup().config.secretSource(reference);
  } catch (error) {
    const why = describeError(error);
    site.context.log.error("token-not-read", { error: why });
    report?.(`a token cannot be read, and its callers are turned away: ${why}`);
    return randomBytes(32).toString("hex");
  }
}
