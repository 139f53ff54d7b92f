import type { ActionKind } from "../model/action.ts";
import { wordList } from "../notify/text.ts";
import { error, warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import type { FileSettings, RouteSettings } from "./schema.ts";

/** What the file's actions are, by name: their kind, or a vote. */
export type KindOf = ReadonlyMap<string, ActionKind | "vote">;

/** Whether anybody looks if a route's alerts are true. */
export function isChecked({ checks, actions }: RouteSettings, kinds: KindOf): boolean {
  return checks.length > 0 || actions.some((action) => kinds.get(action) === "vote");
}

/** Whether somebody is told of everything that matters (docs/verdicts.md, "Telling"). */
export function checkTelling(file: FileSettings, kinds: KindOf): Finding[] {
  return [
    ...file.routes.flatMap((route, index) => [
      ...checkRoute(route, ["routes", index], kinds),
      ...(isChecked(route, kinds) ? neverSpared(file, route, ["routes", index, "notify"]) : []),
    ]),
    ...strayAlerts(file),
    ...digestPagers(file, kinds),
  ];
}

/** A summary is read in the morning: nobody is woken for it. */
function digestPagers({ digest }: FileSettings, kinds: KindOf): Finding[] {
  return (digest?.actions ?? []).flatMap((action, index) => {
    if (kinds.get(action) !== "pager") return [];
    const path: Path = ["digest", "actions", index];
    const message = `the digest is no page, and "${action}" is a pager: name an action that is read, such as slack or email`;
    return [{ ...error(path, message), cut: path }];
  });
}

function strayAlerts({ unrouted, trouble = [] }: FileSettings): Finding[] {
  if (unrouted !== undefined) return [];
  const whom = trouble.length > 0 ? "trouble only" : "nobody";
  return [warning([], `unrouted is not set: alerts that no route takes are told to ${whom}`)];
}

function checkRoute(route: RouteSettings, path: Path, kinds: KindOf): Finding[] {
  const notify: Path = [...path, "notify"];
  const findings = route.recordOnly ? [] : [...silence(route, path, kinds), ...emptyLists(route, notify)];
  if (!isChecked(route, kinds)) return [...findings, ...notifyWithoutChecks(route, notify)];
  return [
    ...findings,
    ...(route.mode === "annotate" ? unusedPagers(route, path, kinds) : sparedPagers(route, notify, kinds)),
    ...(route.mode === "shadow" ? sparesNothing(route, path) : []),
  ];
}

/** A route takes an alert away from `unrouted`: one that tells nobody makes it vanish. */
function silence(route: RouteSettings, path: Path, kinds: KindOf): Finding[] {
  const { name, actions, notify, mode } = route;
  const checked = isChecked(route, kinds);
  const lasting = actions.filter((action) => ["message", "pager"].includes(kinds.get(action) ?? "message"));
  const always = mode === "shadow" ? notify.inconclusive : undefined;
  const listed = checked ? (always ?? notify.confirmed ?? lasting) : actions;
  const told = mode === "annotate" ? listed.filter((action) => kinds.get(action) !== "pager") : listed;
  if (told.length > 0 || notify.confirmed?.length === 0) return [];
  const message = checked
    ? `route "${name}" tells nobody that the trouble is confirmed: list notify.confirmed, or say record-only: true`
    : `route "${name}" takes alerts and tells nobody: list actions, or say record-only: true`;
  // What it would take is told to `unrouted` then.
  return [{ ...error([...path, "name"], message), cut: path }];
}

const mustBeTold = ["confirmed", "regional", "degraded", "not-reproduced", "inconclusive"] as const;

function emptyLists({ notify }: RouteSettings, path: Path): Finding[] {
  return mustBeTold
    .filter((outcome) => notify[outcome]?.length === 0)
    .map((outcome) => {
      const message = `${outcome} is told to nobody: list an action, or say record-only: true`;
      return { ...error([...path, outcome], message), cut: [...path, outcome] };
    });
}

/** Not knowing is no reason to let people sleep. */
function sparedPagers({ actions, notify, mode }: RouteSettings, path: Path, kinds: KindOf): Finding[] {
  const pagers = (notify.confirmed ?? actions).filter((action) => kinds.get(action) === "pager");
  const without = (list: readonly string[] | undefined) =>
    list === undefined ? [] : pagers.filter((pager) => !list.includes(pager));
  return [
    ...without(notify.inconclusive).map((pager) => {
      const message = `inconclusive leaves out the pager "${pager}" that confirmed has: add it`;
      const at: Path = [...path, "inconclusive"];
      return { ...error(at, message), cut: at };
    }),
    // In shadow the list is not used yet, and the message of each outage says that nobody would have been woken.
    ...(mode === "shadow" ? [] : without(notify.regional)).map((pager) =>
      warning(
        [...path, "regional"],
        `regional leaves out the pager "${pager}": a partial outage wakes nobody`,
      ),
    ),
  ];
}

/** Nobody is to take a route that is tried out for one that works. */
function sparesNothing({ notify }: RouteSettings, path: Path): Finding[] {
  const like = notify.inconclusive === undefined ? "confirmed" : "inconclusive";
  const message = `mode: shadow spares nothing: every outcome is told as ${like} is, and each message says what would have been done`;
  return [warning([...path, "mode"], message)];
}

/** Without `spare: true` the pass of a check that does not say what it `covers` is inconclusive, and told as such. */
function neverSpared(file: FileSettings, { spare, checks, notify }: RouteSettings, path: Path): Finding[] {
  if (spare && checks.length === 0) {
    const message =
      "spare has no effect without checks: Crosscheck does not know what your functions look at, so that their health proves nothing about the page";
    return [{ ...warning([...path.slice(0, -1), "spare"], message), onKey: true }];
  }
  const says = (name: string) =>
    file.checks.some((check) => check.name === name && check.covers !== undefined);
  const silent = checks.filter((name) => !says(name));
  if (spare || notify["not-reproduced"] === undefined) return [];
  if (checks.length > 0 && silent.length === 0) return [];
  const message =
    checks.length === 0
      ? "not-reproduced is never used: Crosscheck does not know what your functions look at, so that their health is told as inconclusive is"
      : `not-reproduced is never used: nobody says what a pass of ${wordList(silent)} proves, and health is told as inconclusive is; say covers: in the check, or spare: true here`;
  return [warning([...path, "not-reproduced"], message)];
}

function unusedPagers({ actions, notify }: RouteSettings, path: Path, kinds: KindOf): Finding[] {
  const told = new Set([...actions, ...Object.values(notify).flat()]);
  return [...told]
    .filter((action) => kinds.get(action) === "pager")
    .map((pager) =>
      warning([...path, "mode"], `with mode: annotate the pager "${pager}" is never triggered`),
    );
}

function notifyWithoutChecks({ notify }: RouteSettings, path: Path): Finding[] {
  if (Object.keys(notify).length === 0) return [];
  return [
    warning(path, "notify is never used: a route without checks has no verdict; list checks, or use actions"),
  ];
}
