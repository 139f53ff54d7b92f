import { templatedKeys } from "../model/check.ts";
import { RegoError, condition, expression } from "../rego/index.ts";
import type { Condition, Expression } from "../rego/index.ts";
import type { MessageTemplate } from "../route/message-template.ts";
import { TemplateError, compileTemplate } from "../route/template.ts";
import type { CheckTemplate } from "./config.ts";
import { error, warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { compileInputFiles } from "./input-files.ts";
import type { InputFile } from "./input-files.ts";
import { compileTemplates } from "./message-templates.ts";
import { hasInputFiles } from "./postee-keys.ts";
import { isRawMap, itemsOf, textOf } from "./raw.ts";
import { plainly } from "./rego-words.ts";
import type { Placed, RawMap } from "./raw.ts";

/** The Rego in the file, compiled; by the index of its route, check or template. */
export interface RegoTexts {
  readonly inputs: ReadonlyMap<number, Condition>;
  readonly subjects: ReadonlyMap<number, Expression>;
  /** What the alerts of a route say, and what a check's pass proves, where these are rules. */
  readonly claims: ReadonlyMap<number, Expression>;
  readonly covers: ReadonlyMap<number, Expression>;
  readonly templates: ReadonlyMap<number, readonly CheckTemplate[]>;
  readonly messages: ReadonlyMap<number, MessageTemplate>;
  readonly findings: readonly Finding[];
}

/**
 * A route's rule that cannot be compiled stands in the result as one that fails whenever it is asked: should the file be
 * used all the same, the route counts as matching, and its verdict is inconclusive.
 */
export function compileRegoTexts(data: unknown, inputFiles: readonly InputFile[]): RegoTexts {
  const findings: Finding[] = [];
  const compileAll = compiler(findings);
  const routes = itemsOf(data, "routes");
  const checks = itemsOf(data, "checks");
  const inputs = compileAll(
    routes.filter((route) => !hasInputFiles(route)).flatMap((route) => textOf(route, "input")),
    (text) => (text === "" ? always : condition(text)),
    (why) => failing(`its input cannot be used: ${why}`),
  );
  const fromFiles = routes.flatMap(({ path }) => {
    const own = inputFiles.filter((file) => file.path[1] === path[1]);
    const { condition: together, findings: faults } = compileInputFiles(own);
    findings.push(...faults);
    if (own.length === 0) return [];
    const why = faults.map(({ message }) => message).join("; ");
    return [{ path, compiled: together ?? failing(`its input-files cannot be used: ${why}`) }];
  });
  const expressions = (items: readonly Placed<RawMap>[], key: string) =>
    byItem(
      compileAll(
        items.flatMap((item) => textOf(item, key)),
        (text) => expression(text),
      ),
    );
  const messages = compileTemplates(data);
  const templates = compileAll(checks.flatMap(templatesOf), compileTemplate);
  return {
    inputs: byItem([...inputs, ...fromFiles]),
    subjects: expressions(routes, "subject"),
    claims: expressions(routes, "claim"),
    covers: expressions(checks, "covers"),
    templates: new Map(
      checks.map(({ path }) => [
        Number(path[1]),
        templates.filter((one) => one.path[1] === path[1]).map(asTemplate),
      ]),
    ),
    messages: messages.templates,
    findings: [...findings, ...messages.findings, ...checks.flatMap(strayTemplates)],
  };
}

/** Compiles texts, and notes what it cannot read; such a text is left out, or replaced by what `instead` makes of why. */
function compiler(findings: Finding[]) {
  return <T>(
    texts: readonly Placed<string>[],
    compile: (text: string) => T,
    instead?: (why: string) => T,
  ): Compiled<T>[] =>
    texts.flatMap(({ path, value }) => {
      try {
        return [{ path, compiled: compile(value) }];
      } catch (thrown) {
        const finding = misread(path, thrown);
        findings.push(finding);
        return instead === undefined ? [] : [{ path, compiled: instead(finding.message) }];
      }
    });
}

/** As in Postee, an empty text takes every alert. */
const always: Condition = { matches: () => true };

function failing(why: string): Condition {
  return {
    matches: () => {
      throw new Error(why);
    },
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
  if (thrown instanceof TemplateError) {
    const fault = error(path, `template in ${key}: ${plainly(thrown.message)}`);
    return { ...fault, within: thrown, cut: path.slice(0, 2) };
  }
  if (!(thrown instanceof RegoError)) throw thrown;
  const within = { row: Math.max(thrown.row, 1), col: Math.max(thrown.col, 1) };
  return { ...error(path, `Rego in ${key}: ${plainly(thrown.reason)}`), within };
}

/** Texts of a check that are rendered from the alert: its target, and what its assertions look at and compare with. */
function templatesOf(check: Placed<RawMap>): Placed<string>[] {
  return textsIn(check.value, check.path).filter(
    ({ path, value }) => value.includes("{{") && isTemplated(path),
  );
}

function isTemplated([, , ...key]: Path): boolean {
  if (key[0] === "assertions") return key[2] === "target" || key[2] === "property";
  return key.length === 1 && templatedKeys.includes(String(key[0]));
}

function strayTemplates(check: Placed<RawMap>): Finding[] {
  return textsIn(check.value, check.path)
    .filter(({ path, value }) => value.includes("{{") && !isTemplated(path))
    .map(({ path }) =>
      warning(
        path,
        `{{ }} is sent as it stands here: templates work in ${templatedKeys.join(", ")} and in assertions`,
      ),
    );
}

function textsIn(value: unknown, path: Path): Placed<string>[] {
  if (typeof value === "string") return [{ path, value }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => textsIn(item, [...path, index]));
  if (!isRawMap(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, [...path, key]));
}
