import type * as z from "zod";
import type { Path } from "./finding.ts";
import { valueAt } from "./raw.ts";

/** The schema of the value at a path of the data; undefined where the schema has no say. */
export function schemaAt(schema: z.core.$ZodType, data: unknown, path: Path): z.core.$ZodType | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const { def } = (unwrap(schema, data) as z.core.$ZodTypes)._zod;
  const inner = memberOf(def, String(step));
  const member = (data as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return inner === undefined ? undefined : schemaAt(inner, member, rest);
}

/** The keys that the schema allows in the map at a path of the data. */
export function knownKeys(schema: z.core.$ZodType, data: unknown, path: Path): readonly string[] {
  const at = schemaAt(schema, data, path);
  const def = at === undefined ? undefined : (unwrap(at, valueAt(data, path)) as z.core.$ZodTypes)._zod.def;
  return def?.type === "object" ? Object.keys(def.shape) : [];
}

/** The words that `type` may be in a map of this schema; none where `type` does not choose. */
export function knownTypes(schema: z.core.$ZodType): readonly string[] {
  const { def } = (unwrap(schema, undefined) as z.core.$ZodTypes)._zod;
  if (def.type !== "union") return [];
  return def.options.flatMap((choice) => [...(choice._zod.propValues?.["type"] ?? [])].map(String));
}

function memberOf(def: z.core.$ZodTypes["_zod"]["def"], step: string): z.core.$ZodType | undefined {
  if (def.type === "array") return def.element;
  if (def.type === "record") return def.valueType;
  return def.type === "object" ? def.shape[step] : undefined;
}

/** The schema behind defaults, codecs and choices by `type`. */
function unwrap(schema: z.core.$ZodType, data: unknown): z.core.$ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return unwrap(def.innerType, data);
    case "pipe":
      return unwrap(def.in, data);
    case "union": {
      const type = (data as { type?: z.core.util.Primitive } | null | undefined)?.type;
      const option = def.options.find((choice) => choice._zod.propValues?.["type"]?.has(type));
      return option === undefined ? schema : unwrap(option, data);
    }
    default:
      return schema;
  }
}
