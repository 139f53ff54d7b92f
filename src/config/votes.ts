import { assertionFaults } from "../check/assertion-faults.ts";
import type { AssertionFault } from "../check/assertion-faults.ts";
import type { FunctionSettings } from "../check/locations/function.ts";
import { isTemplate } from "../check/template.ts";
import type { Assertion, AssertionSource } from "../model/assertion.ts";
import { functionUrlRegion } from "../model/function-url.ts";
import type { SecretSource } from "../model/secret.ts";
import { error, warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import type { FileSettings } from "./schema.ts";
import type { KindOf } from "./telling.ts";

type HttpAction = Extract<FileSettings["actions"][number], { type: "http" }>;

/**
 * The `http` actions that are votes, by name: those that say `check: true`, and those at a Lambda function URL that do
 * not say `check: false` (design §4). Each is a location of its own, in the failure domain of its region.
 */
export function functionsOf(
  actions: FileSettings["actions"],
  read: SecretSource,
): ReadonlyMap<string, FunctionSettings> {
  const voting = actions.flatMap((action): [string, FunctionSettings][] => {
    if (action.type !== "http" || !action.enable || action.check === false) return [];
    const region = functionUrlRegion(urlOf(action, read));
    if (action.check !== true && region === undefined) return [];
    return [[action.name, functionOf(action, region)]];
  });
  return new Map(voting);
}

/** A vote is a location that nobody tells anything: it has no place in lists of who is told, and needs a name of its own. */
export function checkVotes(file: FileSettings, kinds: KindOf): Finding[] {
  const isVote = (name: string) => kinds.get(name) === "vote";
  const told = [
    ...file.routes.flatMap(({ notify }, index) =>
      Object.entries(notify).map(([outcome, names]) => ({
        names,
        path: ["routes", index, "notify", outcome],
      })),
    ),
    ...file.actions.map(({ fallback }, index) => ({ names: fallback, path: ["actions", index, "fallback"] })),
    { names: file.unrouted ?? [], path: ["unrouted"] },
    { names: file.trouble ?? [], path: ["trouble"] },
    { names: file.digest?.actions ?? [], path: ["digest", "actions"] },
    { names: file.server.emergency, path: ["server", "emergency"] },
  ];
  const stray = told.flatMap(({ names, path }) =>
    names.flatMap((name, index) => (isVote(name) ? [strayVote(name, [...path, index])] : [])),
  );
  const locations = new Set(file.locations.map(({ name }) => name));
  const clashes = file.actions.flatMap(({ name }, index) =>
    isVote(name) && locations.has(name) ? [clash(name, ["actions", index, "name"])] : [],
  );
  return [...stray, ...clashes, ...checkAssertions(file, isVote)];
}

/** What an answer cannot be held against is no vote at all in the end: said now, not in the night. */
function checkAssertions(file: FileSettings, isVote: (name: string) => boolean): Finding[] {
  return file.actions.flatMap((action, index): Finding[] => {
    const path: Path = ["actions", index, "assertions"];
    if (action.type !== "http" || action.assertions === undefined) return [];
    if (action.enable && !isVote(action.name)) {
      const message = "assertions have no effect: the answer of this action is no vote; say check: true";
      return [{ ...warning(path, message), onKey: true }];
    }
    return action.assertions.flatMap((assertion, at) =>
      voteAssertionFaults(assertion).map(({ key, message }) => ({
        ...error([...path, at, key], `${key}: ${message}`),
        cut: path.slice(0, 2),
      })),
    );
  });
}

/** What there is to look at in the answer of a function. */
const answerSources: readonly AssertionSource[] = [
  "status-code",
  "header",
  "body",
  "json-body",
  "response-time",
];

type VoteAssertionFault = Pick<AssertionFault, "message"> & {
  readonly key: AssertionFault["key"] | "source";
};

function voteAssertionFaults(assertion: Assertion): readonly VoteAssertionFault[] {
  if (!answerSources.includes(assertion.source))
    return [{ key: "source", message: `an answer of a function has no ${assertion.source}` }];
  const templates = (["property", "target"] as const).filter((key) => isTemplate(assertion[key]));
  if (templates.length > 0)
    return templates.map((key) => ({
      key,
      message: "{{ }} is not filled in for a vote: write what it must be",
    }));
  return assertionFaults(assertion);
}

function strayVote(name: string, path: Path): Finding {
  const message = `"${name}" is a vote: it is asked, and told nothing; say check: false to have it told`;
  return { ...error(path, message), cut: path };
}

function clash(name: string, path: Path): Finding {
  const message = `the vote "${name}" has the name of a location: each is a place of its own`;
  return { ...error(path, message), cut: path.slice(0, 2) };
}

/** Empty where the secret cannot be read: that is a fault of its own. */
function urlOf({ url }: HttpAction, read: SecretSource): string {
  try {
    return read(url.reference);
  } catch {
    return "";
  }
}

function functionOf(action: HttpAction, region: string | undefined): FunctionSettings {
  const { name, method, url, headers, bodyFile, bodyContent, timeout, assertions = [] } = action;
  const domain = region === undefined ? name : `aws:${region}`;
  const place = { domain, provider: region === undefined ? null : "aws", region: region ?? null };
  return { name, ...place, method, url, headers, bodyFile, bodyContent, timeout, assertions };
}
