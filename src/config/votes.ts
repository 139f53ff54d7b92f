import type { FunctionSettings } from "../check/locations/function.ts";
import { functionUrlRegion } from "../model/function-url.ts";
import type { SecretSource } from "../model/secret.ts";
import { error } from "./finding.ts";
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
  ];
  const stray = told.flatMap(({ names, path }) =>
    names.flatMap((name, index) => (isVote(name) ? [strayVote(name, [...path, index])] : [])),
  );
  const locations = new Set(file.locations.map(({ name }) => name));
  const clashes = file.actions.flatMap(({ name }, index) =>
    isVote(name) && locations.has(name) ? [clash(name, ["actions", index, "name"])] : [],
  );
  return [...stray, ...clashes];
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
  return { name, domain, method, url, headers, bodyFile, bodyContent, timeout, assertions };
}
