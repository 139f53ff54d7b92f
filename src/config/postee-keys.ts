import { error, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { isRawMap, itemsOf, mapOf, textsOf } from "./raw.ts";
import type { Placed, RawMap } from "./raw.ts";

const ofFile: Readonly<Record<string, string>> = {
  name: "as in Postee, it is only a title",
  "max-db-size": "the database has no limit of its own",
  "db-verify-interval": "the database looks after itself",
  "delete-old-data": "as in Postee, nothing reads it",
  rules: "as in Postee, only its web page read them; a route names its files in input-files",
};

const ofPlugins: Readonly<Record<string, string>> = {
  "aggregate-timeout-seconds": "as in Postee; write aggregate-message-timeout",
  "unique-message-timeout-seconds": "as in Postee; write unique-message-timeout",
};

const ofAction: Readonly<Record<string, string>> = {
  "runs-on": "there are no runners, the action runs here",
};

/** Keys that Postee's files have and that change nothing here. */
export function checkPosteeKeys(data: unknown): Finding[] {
  if (!isRawMap(data)) return [];
  const routes = itemsOf(data, "routes");
  return [
    ...idle({ path: [], value: data }, ofFile),
    ...routes.flatMap((route) => mapOf(route, "plugins")).flatMap((plugins) => idle(plugins, ofPlugins)),
    ...itemsOf(data, "actions").flatMap((action) => idle(action, ofAction)),
    ...routes.flatMap(unusedInput),
  ];
}

function idle({ path, value }: Placed<RawMap>, keys: Readonly<Record<string, string>>): Finding[] {
  return Object.keys(value).flatMap((key) => {
    const why = Object.hasOwn(keys, key) ? keys[key] : undefined;
    return why === undefined
      ? []
      : [{ ...warning([...path, key], `"${key}" has no effect: ${why}`), onKey: true }];
  });
}

function unusedInput(route: Placed<RawMap>): Finding[] {
  const { input } = route.value;
  if (input === undefined) return [];
  const path = [...route.path, "input"];
  if (hasInputFiles(route))
    return [{ ...warning(path, '"input" has no effect beside input-files'), onKey: true }];
  return input === "" ? [warning(path, "input is empty: as in Postee, the route takes every alert")] : [];
}

/** As in Postee, a route goes by its files if the first of them has a name. */
export function hasInputFiles(route: Placed<RawMap>): boolean {
  const [first] = textsOf(route, "input-files");
  return first !== undefined && first.value !== "";
}

/** With `--lenient`, as in Postee, an action is off unless it says otherwise. */
export function checkEnabled(data: unknown): Finding[] {
  return itemsOf(data, "actions")
    .filter(({ value }) => value["enable"] === undefined)
    .map(({ path }) => {
      const message = "this action is switched off: with --lenient, as in Postee, it has to say enable: true";
      return { ...error(path, message), cut: path };
    });
}

/** Types of action that Postee has, in its own spelling. */
const types = [
  "slack teams webhook http exec stdout email jira splunk serviceNow nexusIq dependencytrack",
  "opsgenie pagerduty awssecurityhub kubernetes docker",
].flatMap((words) => words.split(" "));

/** The type of action in Postee's spelling, if it is one of Postee's. */
export function posteeType(word: string): string | undefined {
  return types.find((type) => type.toLowerCase() === word.toLowerCase());
}
