import * as z from "zod";
import { duration, secret } from "../model/settings.ts";
import { fileSchema } from "./schema.ts";
import { address, size } from "./values.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The file's schema for editors: completion, meanings, and red lines while typing. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(fileSchema, { io: "input", override: complete });
  return { ...schema, title: "The configuration of Crosscheck" };
}

/** Texts that the code reads as something else, by the schema of what it reads. */
const readAs = new Map<z.core.$ZodType, string>([
  [duration.def.out, "duration"],
  [secret.def.out, "secret"],
  [size.def.out, "size"],
  [address.def.out, "HOST:PORT"],
]);

/** What zod leaves out: defaults as people write them (`5s`, not 5000), and what a text stands for. */
function complete({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { def } = zodSchema._zod;
  if (def.type === "default") jsonSchema.default = z.core.encode(def.innerType, def.defaultValue);
  const title = def.type === "pipe" ? readAs.get(def.out) : undefined;
  if (title !== undefined) jsonSchema.title = title;
}
