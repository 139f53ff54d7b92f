import type { JsonSchema } from "./json-schema.ts";

const introduction = `# Configuration

One YAML file. \`crosscheck config check FILE\` says everything that is wrong with it, each fault with its line and column.
This page is made from the schema (\`npm run generate\`). For completion in your editor let it know \`src/config/schema.json\`:

\`\`\`yaml
# yaml-language-server: $schema=./src/config/schema.json
\`\`\`

- A **duration** is a number and a unit: \`500ms\`, \`20s\`, \`1m\`, \`2h\`, \`1d\`. A **size** likewise: \`512 kB\`, \`1 MB\`.
- A **secret** is \`$NAME\` (an environment variable), \`file:PATH\` (a file's content, without its last line break; the path
  is relative to the configuration), or the text itself. Secrets are never shown.
- \`yes\`, \`no\`, \`on\` and \`off\` are booleans where a boolean is wanted, and text elsewhere (YAML 1.2). A number where text is
  wanted is taken as it is written; a key without a value counts as not given, with a warning.
- The case of keys and of \`type\` does not matter: a file written for Postee works as it is, see [Postee](postee.md).
- A key in **bold** is required. \`a.b\` is the key \`b\` in the map \`a\`; \`a[].b\` the key \`b\` of each item of the list \`a\`.
`;

interface Row {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** docs/configuration.md: every key of the file with its type, default and meaning. */
export function configReference(schema: JsonSchema): string {
  const sections = Object.entries(properties(schema)).map(([key, section]) => sectionOf(key, section));
  return [introduction, ...sections].join("\n");
}

function sectionOf(key: string, section: JsonSchema): string {
  const head = `## ${key}\n\n${sentence(section.description)} ${sentence(shapeOf(section))}\n`;
  const item = itemOf(section) ?? section;
  const types = item.oneOf;
  if (types === undefined) return [head, ...tableOf(item)].join("\n");
  return [head, ...types.flatMap((type) => [`### ${key}: type ${typeWord(type)}\n`, ...tableOf(type)])].join(
    "\n",
  );
}

function shapeOf(section: JsonSchema): string {
  const item = itemOf(section);
  const shape =
    item === undefined ? typeOf(section) : `a list of ${item.type === "string" ? "names" : "maps"}`;
  const fallback = isPlain(section.default) ? `; default: ${code(section.default)}` : "";
  return `${shape}${fallback}`;
}

function tableOf(map: JsonSchema): string[] {
  const rows = rowsOf(map, "");
  if (rows.length === 0) return [];
  return ["| key | type | default | meaning |", "|---|---|---|---|", ...rows.map(lineOf), ""];
}

/** The keys of a map, and under each the keys of the map or of the list of maps that it holds. */
function rowsOf(map: JsonSchema, prefix: string): Row[] {
  const required = new Set(map.required);
  return Object.entries(properties(map)).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    const item = itemOf(schema);
    const inner = item === undefined ? rowsOf(schema, `${key}.`) : rowsOf(item, `${key}[].`);
    return [{ key, schema, required: required.has(name) }, ...inner];
  });
}

function lineOf({ key, schema, required }: Row): string {
  const name = required ? `**\`${key}\`**` : `\`${key}\``;
  const fallback = isPlain(schema.default) ? code(schema.default) : "";
  const meaning = (schema.description ?? "").replaceAll("|", "\\|");
  return `| ${name} | ${typeOf(schema)} | ${fallback} | ${meaning} |`;
}

/** A default worth a word: an empty list says nothing new, and the defaults in a map have rows of their own. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && typeof value !== "object";
}

function typeOf(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(", ");
  const item = itemOf(schema);
  if (item !== undefined) return item.type === "object" ? "list of maps" : `list: ${typeOf(item)}`;
  if (schema.format === "uri") return "URL";
  return [schema.type ?? []].flat().map(wordOf).join(", ") || "anything";
}

function wordOf(type: string): string {
  return { string: "text", integer: "whole number", object: "map", null: "nothing" }[type] ?? type;
}

function properties(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

function itemOf(schema: JsonSchema): JsonSchema | undefined {
  return schema.type === "array" ? (schema.items as JsonSchema) : undefined;
}

function typeWord(schema: JsonSchema): string {
  return code(properties(schema)["type"]?.const);
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function sentence(text: string | undefined): string {
  return text === undefined ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
