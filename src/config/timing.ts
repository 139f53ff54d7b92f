import { formatDuration } from "../model/settings.ts";
import { error, warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import type { FileSettings, RouteSettings } from "./schema.ts";

/** Whether the numbers of the verdict can be kept, and whether there are enough locations for what is asked. */
export function checkVerdicts(file: FileSettings): Finding[] {
  const routes = file.routes.map((route, index) => ({ route, path: ["routes", index] as Path }));
  const checking = routes.filter(({ route }) => route.checks.length > 0);
  return [
    ...routes.flatMap(({ route, path }) => checkHold(route, path)),
    ...checking.flatMap(({ route, path }) => checkTimeouts(file, route, path)),
    ...checking.flatMap(({ route, path }) => checkDomains(file, route, path)),
    ...(checking.length > 0 ? singleLocation(file) : []),
  ];
}

function checkHold({ verdict }: RouteSettings, path: Path): Finding[] {
  const { hold, deadline, secondLook, secondLookDeadline } = verdict;
  const needed = deadline + secondLook + secondLookDeadline;
  if (hold >= needed) return [];
  const sum = [deadline, secondLook, secondLookDeadline].map(formatDuration).join(" + ");
  return [
    error(
      [...path, "verdict", "hold"],
      `hold: ${formatDuration(hold)} is too short: deadline + second-look + second-look-deadline = ${sum} = ${formatDuration(needed)}`,
    ),
  ];
}

/** A check that may wait as long as its look lasts never gets to say that it failed. */
function checkTimeouts(file: FileSettings, route: RouteSettings, path: Path): Finding[] {
  const { deadline, secondLookDeadline } = route.verdict;
  return route.checks.flatMap((name, index) => {
    const timeout = file.checks.find((check) => check.name === name)?.timeout ?? 0;
    const at: Path = [...path, "checks", index];
    const waits = `check "${name}" may wait ${formatDuration(timeout)} for an answer`;
    if (timeout >= deadline)
      return [
        error(at, `${waits}, and the deadline is ${formatDuration(deadline)}: make its timeout shorter`),
      ];
    if (timeout >= secondLookDeadline)
      return [warning(at, `${waits}, and the second look ends after ${formatDuration(secondLookDeadline)}`)];
    return [];
  });
}

function checkDomains(file: FileSettings, route: RouteSettings, path: Path): Finding[] {
  const used = file.locations.filter(({ name }) => route.locations?.includes(name) ?? true);
  const domains = new Set(used.map(({ name, domain }) => domain ?? name)).size;
  const { confirm } = route.verdict;
  return [
    ...(route.spare && domains < 2
      ? [
          warning(
            [...path, "spare"],
            "spare: true has no effect: it takes two failure domains to spare a page",
          ),
        ]
      : []),
    ...(typeof confirm === "number" && confirm > domains && domains > 1
      ? [
          warning(
            [...path, "verdict", "confirm"],
            `confirm: ${confirm} is more than the ${domains} failure domains of this route: all of them must fail`,
          ),
        ]
      : []),
  ];
}

function singleLocation({ locations }: FileSettings): Finding[] {
  if (locations.length > 1) return [];
  return [
    warning(
      ["locations"],
      "there is a single location: its failure confirms, but a pass can never spare a page; add a second one elsewhere",
    ),
  ];
}
