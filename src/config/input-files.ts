import { isAbsolute, resolve } from "node:path";
import { RegoError, compile } from "../rego/index.ts";
import type { Condition } from "../rego/index.ts";
import { error } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { hasInputFiles } from "./postee-keys.ts";
import { itemsOf, textsOf } from "./raw.ts";
import { plainly } from "./rego-words.ts";

/** A file of `input-files` with its text, or why there is none, and the entry that names it. */
export interface InputFile {
  readonly path: Path;
  readonly name: string;
  readonly content: { readonly text: string } | { readonly problem: string };
}

/** Every file that a route names, read. As in Postee a name may begin with the folder, and need not. */
export async function readInputFiles(
  data: unknown,
  folders: { readonly config: string; readonly filters: string },
  read: (path: string) => Promise<InputFile["content"]>,
): Promise<readonly InputFile[]> {
  const entries = itemsOf(data, "routes").flatMap((route) =>
    hasInputFiles(route) ? textsOf(route, "input-files").filter(({ value }) => value !== "") : [],
  );
  return await Promise.all(
    entries.map(async ({ path, value: name }) => ({
      path,
      name,
      content: await read(placeOf(name, folders)),
    })),
  );
}

function placeOf(name: string, { config, filters }: { config: string; filters: string }): string {
  if (isAbsolute(name)) return name;
  const inside = name.startsWith(`${filters}/`) || name.startsWith(`./${filters}/`);
  return inside ? resolve(config, name) : resolve(config, filters, name);
}

/**
 * The condition that the files of one route make together: `allow` of their package `postee`, in the Rego of Postee's
 * time (v0). It holds when `allow` is true; several rules of that name are alternatives.
 */
export function compileInputFiles(files: readonly InputFile[]): {
  readonly condition?: Condition;
  readonly findings: readonly Finding[];
} {
  const unread = files.flatMap(({ path, name, content }) =>
    "problem" in content ? [error(path, `${name}: ${content.problem}`)] : [],
  );
  const modules = files.flatMap(({ name, content }) =>
    "text" in content ? [[name, content.text] as const] : [],
  );
  const broken = files.flatMap((file) => ("text" in file.content ? faultOf(file, file.content.text) : []));
  const findings = [...unread, ...broken];
  if (findings.length > 0) return { findings };
  const [first] = files;
  if (first === undefined) return { findings };
  return compileTogether(Object.fromEntries(modules), first);
}

/** What is wrong with one file alone. */
function faultOf({ path, name }: InputFile, text: string): Finding[] {
  try {
    compile({ modules: { [name]: text }, version: "v0", query: "true" });
    return [];
  } catch (thrown) {
    if (!(thrown instanceof RegoError)) throw thrown;
    return [error(path, placed(name, thrown))];
  }
}

function compileTogether(
  modules: Readonly<Record<string, string>>,
  first: InputFile,
): ReturnType<typeof compileInputFiles> {
  if (!Object.values(modules).some(hasAllow)) {
    const message = "none of these files has a rule allow in package postee: it could never match";
    return { findings: [error(first.path.slice(0, -1), message)] };
  }
  try {
    const query = compile({ modules, version: "v0", query: "allow = data.postee.allow" });
    const matches: Condition["matches"] = (input, data, limits) =>
      query.eval(input, { data, ...limits }).some(({ bindings }) => bindings["allow"] === true);
    return { condition: { matches }, findings: [] };
  } catch (thrown) {
    if (!(thrown instanceof RegoError)) throw thrown;
    return { findings: [error(first.path.slice(0, -1), placed(thrown.file, thrown))] };
  }
}

function hasAllow(text: string): boolean {
  const lines = text.split("\n");
  return (
    lines.some((line) => /^\s*package\s+postee\s*(?:#.*)?$/.test(line)) &&
    lines.some((line) => /^\s*(?:default\s+)?allow\b/.test(line))
  );
}

function placed(name: string, { row, col, reason }: RegoError): string {
  const what = plainly(reason);
  return row === 0 ? `${name}: ${what}` : `${name}:${row}:${col}: ${what}`;
}
