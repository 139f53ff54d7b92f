import { digestRoute, emergencyRoute, stormRoute, troubleRoute, unroutedRoute } from "../model/incident.ts";
import { error, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { instead } from "./nearest.ts";
import { isRawMap, itemsOf, mapOf, textOf, textsOf } from "./raw.ts";
import type { Placed } from "./raw.ts";

/** The lists of the file whose entries have names, and what one entry is called. */
const sections = {
  locations: "location",
  checks: "check",
  routes: "route",
  templates: "template",
  actions: "action",
  sources: "source",
} as const;
type Section = keyof typeof sections;

/**
 * Names given twice, and names of nothing. It reads the raw data, so that these are found also where the schema finds
 * other faults.
 */
export function checkReferences(data: unknown): Finding[] {
  return [
    ...Object.keys(sections).flatMap((section) => doubles(data, section as Section)),
    ...reservedRoutes(data),
    ...routeReferences(data),
    ...globalReferences(data),
    ...itemsOf(data, "mutes").flatMap((mute) => missing(data, "routes", textOf(mute, "route"))),
    ...fallbackReferences(data),
    ...fallbackCycles(data),
  ];
}

function namesIn(data: unknown, section: Section): Placed<string>[] {
  return itemsOf(data, section).flatMap((item) => textOf(item, "name"));
}

function doubles(data: unknown, section: Section): Finding[] {
  const seen = new Set<string>();
  return namesIn(data, section).flatMap(({ path, value }) => {
    if (seen.has(value))
      return [error(path, `a second ${sections[section]} is named "${value}": names are unique`)];
    seen.add(value);
    return [];
  });
}

const ownRoutes: readonly string[] = [unroutedRoute, troubleRoute, stormRoute, digestRoute, emergencyRoute];

function reservedRoutes(data: unknown): Finding[] {
  return namesIn(data, "routes")
    .filter(({ value }) => ownRoutes.includes(value))
    .map(({ path, value }) => ({
      ...error(path, `"${value}" is the name of a route of Crosscheck's own: choose another`),
      cut: path.slice(0, 2),
    }));
}

function routeReferences(data: unknown): Finding[] {
  return itemsOf(data, "routes").flatMap((route) => {
    const lists = mapOf(route, "notify").flatMap((notify) =>
      Object.keys(notify.value).flatMap((outcome) => textsOf(notify, outcome)),
    );
    return [
      ...missing(data, "checks", textsOf(route, "checks")),
      ...missing(data, "locations", textsOf(route, "locations")),
      // Without it the message is told as each action tells it.
      ...missing(data, "templates", textOf(route, "template")).map((fault) => ({
        ...fault,
        cut: fault.path,
      })),
      ...missing(data, "actions", textsOf(route, "actions")),
      ...missing(data, "actions", lists),
      ...switchedOff(data, lists),
      // Postee's habit: a switched off action is as good as none, and the route goes on without it.
      ...switchedOff(data, textsOf(route, "actions")).map(({ path, message }) => warning(path, message)),
    ];
  });
}

function globalReferences(data: unknown): Finding[] {
  if (!isRawMap(data)) return [];
  const file = { path: [], value: data };
  const digest = mapOf(file, "digest").flatMap((one) => textsOf(one, "actions"));
  const emergency = mapOf(file, "server").flatMap((one) => textsOf(one, "emergency"));
  const lists = [...textsOf(file, unroutedRoute), ...textsOf(file, troubleRoute), ...digest, ...emergency];
  return [...missing(data, "actions", lists), ...switchedOff(data, lists)];
}

function fallbackReferences(data: unknown): Finding[] {
  const lists = itemsOf(data, "actions").flatMap((action) => textsOf(action, "fallback"));
  return [...missing(data, "actions", lists), ...switchedOff(data, lists)];
}

/** References to what the file does not have. */
function missing(data: unknown, section: Section, references: readonly Placed<string>[]): Finding[] {
  const names = namesIn(data, section).map(({ value }) => value);
  // What is there when no location is listed.
  const known = section === "locations" && names.length === 0 ? ["local"] : names;
  return references
    .filter(({ value }) => !known.includes(value))
    .map(({ path, value }) =>
      error(path, `there is no ${sections[section]} "${value}"${instead(value, known, "the file has")}`),
    );
}

function switchedOff(data: unknown, references: readonly Placed<string>[]): Finding[] {
  const off = itemsOf(data, "actions").filter(({ value }) => value["enable"] === false);
  const names = off.flatMap((action) => textOf(action, "name")).map(({ value }) => value);
  return references
    .filter(({ value }) => names.includes(value))
    .map(({ path, value }) =>
      error(path, `the action "${value}" is switched off (enable: false): nobody is told by it`),
    );
}

/** Actions that stand in for each other in a circle: when all of them fail, nobody is told. */
function fallbackCycles(data: unknown): Finding[] {
  const actions = itemsOf(data, "actions").flatMap((action) =>
    textOf(action, "name").map(({ value }) => ({ name: value, fallback: textsOf(action, "fallback") })),
  );
  const fallbacks = new Map(actions.map(({ name, fallback }) => [name, fallback.map(({ value }) => value)]));
  const told = new Set<string>();
  return actions.flatMap(({ name, fallback: [first] }) => {
    const cycle = told.has(name) || first === undefined ? undefined : cycleFrom(name, fallbacks);
    if (cycle === undefined || first === undefined) return [];
    for (const member of cycle) told.add(member);
    const message = `fallbacks go round in a circle: ${cycle.join(" → ")}`;
    return [{ ...error(first.path, message), cut: first.path.slice(0, -1) }];
  });
}

/** The way from an action back to itself. */
function cycleFrom(start: string, fallbacks: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>();
  const walk = (way: readonly string[]): string[] | undefined => {
    for (const next of fallbacks.get(way.at(-1) ?? "") ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk([...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk([start]);
}
