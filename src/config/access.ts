import { resolve } from "node:path";
import { secretsIn } from "../model/secret.ts";
import type { Secret, SecretSource } from "../model/secret.ts";
import { checkCertificate } from "./certificate.ts";
import { warning } from "./finding.ts";
import type { Finding, Path, Severity } from "./finding.ts";
import type { FileSettings } from "./schema.ts";

/** 16 random letters and digits are more than anybody can try. */
const shortest = 16;

interface Surroundings {
  readonly secrets: SecretSource;
  readonly folder: string;
  /** Of files that cannot be used. */
  readonly severity: Severity;
}

/** Who is let in: the certificate that callers see, and tokens that are worth their name. */
export function checkAccess(settings: FileSettings | undefined, around: Surroundings): Finding[] {
  if (settings === undefined) return [];
  const { tls } = settings.server;
  const inFolder = (path: string) => resolve(around.folder, path);
  const files = tls && { certificate: inFolder(tls.certificate), key: inFolder(tls.key) };
  const tokens = tokensIn(settings).flatMap((token) => readable(token, around.secrets));
  return [
    ...checkCertificate(files, { severity: around.severity, now: Date.now() }),
    ...tokens.flatMap(checkLength),
    ...checkDoors(tokens),
  ];
}

interface Token {
  readonly path: Path;
  readonly secret: Secret;
  /** What it opens, where it opens something; a secret that signs opens nothing. */
  readonly opens: "sending alerts" | "the API" | "reading in the API" | null;
}

function tokensIn({ server, sources }: FileSettings): Token[] {
  const lists = [
    { key: "ingest-tokens", secrets: server.ingestTokens, opens: "sending alerts" },
    { key: "api-tokens", secrets: server.apiTokens, opens: "the API" },
    { key: "read-tokens", secrets: server.readTokens, opens: "reading in the API" },
  ] as const;
  const ofServer = lists.flatMap(({ key, secrets, opens }) =>
    secrets.map((secret, index) => ({ path: ["server", key, index], secret, opens })),
  );
  const ofSources = secretsIn(sources).map(({ path, secret }) => ({
    path: ["sources", ...path],
    secret,
    opens: path.includes("secrets") ? null : ("sending alerts" as const),
  }));
  return [...ofServer, ...ofSources];
}

interface ReadToken extends Token {
  readonly text: string;
}

/** One that cannot be read here is told elsewhere. */
function readable(token: Token, secrets: SecretSource): ReadToken[] {
  try {
    return [{ ...token, text: secrets(token.secret.reference) }];
  } catch {
    return [];
  }
}

function checkLength({ path, text }: ReadToken): Finding[] {
  if (text.length >= shortest) return [];
  const message = `this is ${text.length} characters long and can be guessed: take ${shortest} or more at random, such as openssl rand -hex 24 gives`;
  return [warning(path, message)];
}

/** A text that opens two doors makes whoever may use one a user of the other. */
function checkDoors(tokens: readonly ReadToken[]): Finding[] {
  return tokens.flatMap(({ path, text, opens }, index) => {
    const twin = tokens
      .slice(0, index)
      .find(
        (other) => other.text === text && other.opens !== opens && other.opens !== null && opens !== null,
      );
    return twin === undefined
      ? []
      : [warning(path, `the same token opens ${String(twin.opens)} as well: take one for each`)];
  });
}
