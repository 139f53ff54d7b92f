import * as z from "zod";
import type { Finding, Path } from "./finding.ts";
import { error } from "./finding.ts";
import { instead, nearest } from "./nearest.ts";
import { posteeType } from "./postee-keys.ts";
import { valueAt } from "./raw.ts";
import { knownKeys, schemaAt } from "./schema-at.ts";

/** Given to zod, so that only messages that a schema brings itself have words; all others are worded here. */
export const noWords = () => "";

/** What a person reads of zod's issues. Values are not repeated but where they are words of ours: they may be secrets. */
export function wordIssues(
  schema: z.core.$ZodType,
  data: unknown,
  issues: readonly z.core.$ZodIssue[],
): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const { path } = issue;
    if (issue.code !== "unrecognized_keys")
      return [{ ...error(path, wordAt(issue, schema, data)), cut: unusable(path) }];
    const known = knownKeys(schema, data, path);
    return issue.keys.map((key) => ({
      ...error([...path, key], `unknown key "${key}"${instead(key, known, "the keys here are")}`),
      onKey: true,
      cut: [...path, key],
    }));
  });
}

/** Sections whose entries are used whole or not at all: half an action would tell the wrong thing. */
const wholeEntries = new Set<PropertyKey>(["actions", "checks", "locations", "sources", "templates"]);

/** What cannot be used because of a fault at a path. */
function unusable(path: Path): Path {
  return wholeEntries.has(path[0] ?? "") ? path.slice(0, 2) : path;
}

function wordAt(issue: z.core.$ZodIssue, schema: z.core.$ZodType, data: unknown): string {
  const value = valueAt(data, issue.path);
  const foreign = foreignType(issue.path, value);
  if (foreign !== undefined) return `Postee's \`${foreign}\` is not there (yet): use webhook or http`;
  if (value === undefined) return `"${String(issue.path.at(-1))}" is missing${choicesOf(issue)}`;
  const words =
    issue.message || almost(issue, schemaAt(schema, data, issue.path), value) || wordIssue(issue, value);
  const label = labelOf(issue.path);
  return label === "" ? words : `${label}: ${words}`;
}

/** A type of action that Postee has and that is not here. */
function foreignType([section, , key]: Path, value: unknown): string | undefined {
  return section === "actions" && key === "type" && typeof value === "string" ? posteeType(value) : undefined;
}

/**
 * `timeout: 5` is a number where text is wanted, and `actions: slack` text where a list is. Whether quotes or brackets are
 * all that is missing, the schema says; of text that is wrong in itself it says what is wrong.
 */
function almost(issue: z.core.$ZodIssue, schema: z.core.$ZodType | undefined, value: unknown): string {
  if (issue.code !== "invalid_type" || schema === undefined) return "";
  const parse = (candidate: unknown) => z.core.safeParse(schema, candidate, { error: noWords });
  if (issue.expected === "array" && parse([value]).success)
    return `${wordIssue(issue, value)}: put it in [ ]`;
  if (issue.expected !== "string" || !["number", "boolean"].includes(typeof value)) return "";
  const asText = parse(String(value));
  return asText.success
    ? `${wordIssue(issue, value)}: put it in quotes`
    : (asText.error.issues[0]?.message ?? "");
}

function labelOf(path: Path): string {
  const key = path.findLast((step) => typeof step === "string") ?? "";
  return typeof path.at(-1) === "number" ? `an item of ${key}` : key;
}

/** `: it is one of …`, where there is a choice. */
function choicesOf(issue: z.core.$ZodIssue): string {
  const values = issue.code === "invalid_value" ? issue.values : typesOf(issue);
  return values.length === 0 ? "" : `: it is one of ${values.map(String).join(", ")}`;
}

/** The words that `type` may be, where it is none of them. */
function typesOf(issue: z.core.$ZodIssue): string[] {
  return issue.code === "invalid_union" && "options" in issue ? (issue.options ?? []).map(String) : [];
}

function wordIssue(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return wordType(issue.expected, value);
    case "invalid_value":
      return wordChoice(issue.values.map(String), value);
    case "invalid_union":
      return typesOf(issue).length === 0 ? wordUnion(issue, value) : wordChoice(typesOf(issue), value);
    case "too_small":
      return wordBound(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
    case "too_big":
      return wordBound(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
    case "invalid_format":
      return issue.format === "url"
        ? "this is not a URL: write it whole, such as https://www.example.com/"
        : `this is not written as it should be (${issue.format})`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "invalid_key":
    case "invalid_element":
      return issue.issues.map((inner) => inner.message || wordIssue(inner, value)).join("; ");
    default:
      return "this cannot be used here";
  }
}

const kinds: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "nothing",
};

function wordType(expected: string, value: unknown): string {
  const found = kindOf(value);
  const words = `expected ${kinds[expected] ?? expected}, found ${found}`;
  if (expected === "number" && typeof value === "string") return `${words}: leave out quotes and units`;
  return words;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isInteger(value) ? "a number" : "a fraction";
  return typeof value === "string" ? "text" : "a map";
}

/** A word out of a list of words, where the value is never a secret. */
function wordChoice(choices: readonly string[], value: unknown): string {
  const word = typeof value === "object" ? undefined : (value as string | number | boolean);
  if (word === undefined) return `expected one of ${choices.join(", ")}, found ${kindOf(value)}`;
  const text = String(word);
  const near = nearest(text, choices);
  return `"${text}" is not one of ${choices.join(", ")}${near === undefined ? "" : `: did you mean "${near}"?`}`;
}

function wordUnion(issue: z.core.$ZodIssueInvalidUnion, value: unknown): string {
  const branches = issue.errors.flatMap(([first]) => (first === undefined ? [] : [first]));
  const words = branches.map((inner) => inner.message || wordIssue(inner, value));
  return [...new Set(words)].join(", or ") || "this cannot be used here";
}

function wordBound(origin: string, bound: string, limit: number | bigint): string {
  if (origin === "string") return limit === 1 ? "must not be empty" : `needs ${bound} ${limit} characters`;
  if (origin === "array") return limit === 1 ? "must not be an empty list" : `needs ${bound} ${limit} items`;
  return `must be ${bound} ${limit}`;
}
