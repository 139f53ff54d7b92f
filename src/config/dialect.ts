import { coerceValues } from "./coercion.ts";
import type { SourceDocument } from "./document.ts";
import { error } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { isRawMap } from "./raw.ts";
import { fileSchema } from "./schema.ts";
import { respell } from "./spelling.ts";
import { withStandIns } from "./stand-ins.ts";

/** The file's data as the schema writes it; undefined when the file is no map at all. */
export interface Read {
  readonly data: unknown;
  readonly findings: readonly Finding[];
}

/** Reads the file's data as Postee did: it cared less for the case of a key and for the type of a value than a schema does. */
export function readDialect(document: SourceDocument, lenient: boolean): Read {
  if (document.data === undefined) return { data: undefined, findings: [] };
  const shape = shapeFault(document.data);
  if (shape !== undefined) return { data: undefined, findings: [error([], shape)] };
  const { data: spelt, findings } = respell(fileSchema, document.data);
  const { data, findings: foreign } = withStandIns(spelt);
  return { data, findings: [...findings, ...foreign, ...coerceValues(data, document, lenient)] };
}

function shapeFault(data: unknown): string | undefined {
  if (isRawMap(data)) return undefined;
  if (data === null) return "the file is empty: it needs at least routes and actions";
  const found = Array.isArray(data) ? "a list" : "a single value";
  return `the file is ${found}: it has to be a map with keys such as routes: and actions:`;
}
