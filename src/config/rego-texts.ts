import { RegoError, condition, expression } from "../rego/index.ts";
import type { Condition, Expression } from "../rego/index.ts";
import { TemplateError, compileTemplate } from "../route/template.ts";
import type { CheckTemplate } from "./config.ts";
import { error, warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { isRawMap, itemsOf, textOf } from "./raw.ts";
import type { Placed, RawMap } from "./raw.ts";

/** The Rego in the file, compiled; by the index of its route or check. */
export interface RegoTexts {
  readonly inputs: ReadonlyMap<number, Condition>;
  readonly subjects: ReadonlyMap<number, Expression>;
  readonly templates: ReadonlyMap<number, readonly CheckTemplate[]>;
  readonly findings: readonly Finding[];
}

export function compileRegoTexts(data: unknown): RegoTexts {
  const findings: Finding[] = [];
  const compileAll = <T>(texts: readonly Placed<string>[], compile: (text: string) => T): Compiled<T>[] =>
    texts.flatMap(({ path, value }) => {
      try {
        return [{ path, compiled: compile(value) }];
      } catch (thrown) {
        findings.push(misread(path, thrown));
        return [];
      }
    });
  const routes = itemsOf(data, "routes");
  const checks = itemsOf(data, "checks");
  const inputs = compileAll(
    routes.flatMap((route) => textOf(route, "input")),
    (text) => condition(text),
  );
  const subjects = compileAll(
    routes.flatMap((route) => textOf(route, "subject")),
    (text) => expression(text),
  );
  const templates = compileAll(checks.flatMap(templatesOf), compileTemplate);
  return {
    inputs: byItem(inputs),
    subjects: byItem(subjects),
    templates: new Map(
      checks.map(({ path }) => [
        Number(path[1]),
        templates.filter((one) => one.path[1] === path[1]).map(asTemplate),
      ]),
    ),
    findings: [...findings, ...checks.flatMap(strayTemplates)],
  };
}

interface Compiled<T> {
  readonly path: Path;
  readonly compiled: T;
}

function byItem<T>(compiled: readonly Compiled<T>[]): Map<number, T> {
  return new Map(compiled.map((one) => [Number(one.path[1]), one.compiled]));
}

function asTemplate({ path, compiled }: Compiled<CheckTemplate["template"]>): CheckTemplate {
  return { path: path.slice(2), template: compiled };
}

function misread(path: Path, thrown: unknown): Finding {
  const key = path.findLast((step) => typeof step === "string") ?? "";
  if (thrown instanceof TemplateError)
    return { ...error(path, `template in ${key}: ${plainly(thrown.message)}`), within: thrown };
  if (!(thrown instanceof RegoError)) throw thrown;
  const within = { row: Math.max(thrown.row, 1), col: Math.max(thrown.col, 1) };
  return { ...error(path, `Rego in ${key}: ${plainly(thrown.reason)}`), within };
}

/** The engine speaks as OPA does, but for what only its authors understand. */
function plainly(reason: string): string {
  return reason.replace("unexpected eof token", "it ends too early");
}

/** Texts of a check that are rendered from the alert: its URL, and what its assertions look at and compare with. */
function templatesOf(check: Placed<RawMap>): Placed<string>[] {
  return textsIn(check.value, check.path).filter(
    ({ path, value }) => value.includes("{{") && isTemplated(path),
  );
}

function isTemplated([, , ...key]: Path): boolean {
  if (key[0] === "assertions") return key[2] === "target" || key[2] === "property";
  return key[0] === "url" && key.length === 1;
}

function strayTemplates(check: Placed<RawMap>): Finding[] {
  return textsIn(check.value, check.path)
    .filter(({ path, value }) => value.includes("{{") && !isTemplated(path))
    .map(({ path }) =>
      warning(path, "{{ }} is sent as it stands here: templates work in url and in assertions"),
    );
}

function textsIn(value: unknown, path: Path): Placed<string>[] {
  if (typeof value === "string") return [{ path, value }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => textsIn(item, [...path, index]));
  if (!isRawMap(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
}
