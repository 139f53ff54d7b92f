import { alertFacts } from "../model/alert.ts";
import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import type { RenderedTemplate } from "../model/message.ts";
import { RegoError, compile, goJson, packagePath, readJson } from "../rego/index.ts";
import type { CustomBuiltin, Prepared } from "../rego/index.ts";
import { ruleLimits } from "./match.ts";
import { commonModule } from "./message-template-common.ts";

/** An entry of `templates:`, in Postee's keys. When there are several sources the last of them in this order counts. */
export interface MessageTemplateSettings {
  readonly name: string;
  readonly legacyScanRenderer?: string | undefined;
  readonly regoPackage?: string | undefined;
  readonly url?: string | undefined;
  /** A Rego module of any package, with `title`, `result` and, if it likes, `url`. */
  readonly body?: string | undefined;
}

export interface MessageTemplate {
  readonly name: string;
  /** What it makes of `input` (as `templateInput` gives it), or why it makes nothing of it. */
  render(input: unknown, data: unknown): RenderedTemplate | { readonly error: string };
}

/** A template cannot be compiled. `key` is the one to mark; a fault in Rego has its row and column, from 1. */
export class MessageTemplateError extends Error {
  override name = "MessageTemplateError";
  readonly key: "legacy-scan-renderer" | "rego-package" | "url" | "body" | null;
  readonly place: { readonly row: number; readonly col: number } | null;

  constructor(key: MessageTemplateError["key"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
    const { cause } = options ?? {};
    this.place =
      cause instanceof RegoError ? { row: Math.max(cause.row, 1), col: Math.max(cause.col, 1) } : null;
  }
}

const indent = " ";

/** Postee's own function: pretty JSON. */
const jsonformat: CustomBuiltin = {
  name: "jsonformat",
  arity: 1,
  exact: true,
  run: (value) => goJson(value, indent),
};

/** Those of Postee's packages that show an alert as it is. */
const packages: Readonly<Record<string, (input: unknown) => RenderedTemplate>> = {
  "postee.rawmessage.json": (input) => ({ title: "-", description: goJson(input, indent), url: null }),
  "postee.rawmessage.html": (input) => ({
    title: "Raw Message Received",
    description: `<pre><code>${goJson(input, indent)}</code></pre>`,
    url: null,
  }),
};

/**
 * Compiles a template.
 * @throws MessageTemplateError, also for what Postee has and Crosscheck has not.
 */
export function compileMessageTemplate(settings: MessageTemplateSettings): MessageTemplate {
  const { name, body, url, regoPackage, legacyScanRenderer } = settings;
  const instead = "write its Rego into body:";
  if (body !== undefined) return { name, render: rendering(compileBody(name, body)) };
  if (url !== undefined)
    throw new MessageTemplateError("url", `Crosscheck loads no templates from elsewhere; ${instead}`);
  if (regoPackage !== undefined) return { name, render: rendering(packageNamed(regoPackage, instead)) };
  if (legacyScanRenderer !== undefined)
    throw new MessageTemplateError(
      "legacy-scan-renderer",
      `Crosscheck does not have Postee's renderers for image scans; take rego-package: postee.rawmessage.json, or ${instead}`,
    );
  throw new MessageTemplateError(null, "a template needs body: or rego-package:");
}

type Evaluate = (input: unknown, data: unknown) => RenderedTemplate;

/** What goes wrong with one alert is told; it must not keep the alert from being told. */
function rendering(evaluate: Evaluate): MessageTemplate["render"] {
  return (input, data) => {
    if (input === undefined) return { error: "the alert is no JSON" };
    try {
      return evaluate(input, data);
    } catch (error) {
      return { error: describeError(error) };
    }
  };
}

function packageNamed(name: string, instead: string): Evaluate {
  const own = Object.hasOwn(packages, name) ? packages[name] : undefined;
  if (own !== undefined) return own;
  const known = Object.keys(packages).join(" and ");
  throw new MessageTemplateError("rego-package", `Crosscheck has ${known}, not ${name}; ${instead}`);
}

function compileBody(name: string, body: string): Evaluate {
  const file = `${name}.rego`;
  try {
    const path = packagePath(body, "v0", file);
    const query = `data${path.map((part) => `[${JSON.stringify(part)}]`).join("")}`;
    const modules = { [file]: body, ...commonModule };
    const prepared = compile({ modules, version: "v0", query, builtins: [jsonformat] });
    return (input, data) => evaluateBody(prepared, input, data);
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    throw new MessageTemplateError("body", error.reason, { cause: error });
  }
}

function evaluateBody(prepared: Prepared, input: unknown, data: unknown): RenderedTemplate {
  const [result] = prepared.eval(input, { data, ...ruleLimits, number: (exact) => exact });
  const found = withResult(result?.expressions[0]);
  if (found === undefined) throw new Error("nothing in it has a result");
  const { title, result: description, url } = found;
  if (title === undefined) throw new Error("it has a result and no title");
  return {
    title: asText(title),
    description: asText(description),
    url: typeof url === "string" ? url : null,
  };
}

/** The first object with a `result`, from the outside in and by the order of keys: what Postee looks for, in any order. */
function withResult(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(members, "result") && members["result"] !== null) return members;
  for (const member of Object.values(members)) {
    const found = withResult(member);
    if (found !== undefined) return found;
  }
  return undefined;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : goJson(value);
}

/**
 * `input` and `data` as templates see them: the alert's body with all the digits of its numbers and, as in Postee,
 * `postee.AquaServer` in it; the catalogue of `data-files`, and facts of ours. `input` is undefined for what is no JSON.
 */
export function templateDocuments(
  alert: Alert,
  catalogue: Readonly<Record<string, unknown>>,
  { subject, aquaServer }: { readonly subject: string; readonly aquaServer: string | null },
): { readonly input: unknown; readonly data: Record<string, unknown> } {
  const data = { ...catalogue, alert: alertFacts(alert, subject) };
  const read = readJson(new TextDecoder().decode(alert.body));
  if (!read.ok) return { input: undefined, data };
  const value: unknown = read.value;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== null)
    return { input: value, data };
  return { input: { ...value, postee: { AquaServer: aquaServer ?? "" } }, data };
}
