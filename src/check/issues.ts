import type * as z from "zod";

/** What a schema has to say of a value: a line for each fault, `path: message`. */
export function issueLines({ issues }: z.ZodError): readonly string[] {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
}
