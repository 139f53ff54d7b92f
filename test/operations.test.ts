import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { createMetrics } from "../src/metrics.ts";
import { logEvents } from "./fixtures/log-events.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/operations.md"), "utf8");

/** The cells of the rows whose first cell is code. */
function rows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function section(title: string): string {
  const [, after = ""] = page.split(`\n## ${title}\n`);
  return after.split("\n## ")[0] ?? "";
}

function codes(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

test("docs/operations.md has every event of the log, with its level and its fields", () => {
  const events = Map.groupBy(logEvents(root), ({ event }) => event);
  const written = new Map(
    rows(section("The log")).map(([event, ...cells]) => [codes(event)[0] ?? "", cells]),
  );
  assert.deepEqual([...written.keys()].toSorted(), [...events.keys()].toSorted());
  for (const [event, calls] of events) {
    const [levels = "", fields] = written.get(event) ?? [];
    assert.deepEqual(
      levels.split(", ").toSorted(),
      [...new Set(calls.map(({ level }) => level))].toSorted(),
      event,
    );
    const known = calls.flatMap((call) => call.fields ?? []);
    if (calls.every((call) => call.fields !== null))
      assert.deepEqual(codes(fields), [...new Set(known)], `the fields of ${event}`);
  }
});

test("the same thing has one name in all lines of the log", () => {
  const others = ["err", "why", "from", "fault", "incidentId", "alertId", "runId", "deliveryId", "routeName"];
  const used = new Set(logEvents(root).flatMap(({ fields }) => fields ?? []));
  assert.deepEqual(
    others.filter((name) => used.has(name)),
    [],
  );
});

interface KnownMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Ours; what the process says of itself is the library's. */
function metrics(): KnownMetric[] {
  const { registry } = createMetrics();
  return registry
    .getMetricsAsArray()
    .filter(({ name }) => !/^crosscheck_(process|nodejs)_/.test(name))
    .map((metric) => {
      const { name, help } = metric;
      // What it is labelled by is not in the library's type of a metric, only in the metric.
      const { labelNames = [] } = metric as unknown as { labelNames?: string[] };
      return { name, help, labels: labelNames, type: metric.constructor.name.toLowerCase() };
    });
}

test("metrics are named as Prometheus has it: base units, _total for counters, a help for each", () => {
  for (const { name, type, help } of metrics()) {
    assert.match(name, /^crosscheck_[a-z][a-z0-9_]*$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.doesNotMatch(name, /_(ms|millis|milliseconds|minutes|hours|kb|mb|percent)(_|$)/, name);
    assert.notEqual(help, "", name);
  }
});

test("docs/operations.md has every metric, as it is", () => {
  const written = rows(section("Metrics")).map(([name, type, labels, help]) => ({
    name: codes(name)[0],
    type,
    labels: codes(labels),
    help,
  }));
  assert.deepEqual(
    written,
    metrics().map(({ name, type, labels, help }) => ({ name, type, labels: [...labels], help })),
  );
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string; readonly pager?: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

test("the rules for Prometheus name metrics that are there, and say what to do", () => {
  const text = readFileSync(join(root, "examples/prometheus/alerts.yml"), "utf8");
  const { groups } = parse(text) as { groups: { name: string; rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const known = new Map(metrics().map((metric) => [metric.name, metric]));
  for (const { alert, expr, labels, annotations } of rules) {
    assert.match(alert, /^Crosscheck[A-Za-z]+$/);
    assert.match(labels.severity, /^(critical|warning)$/);
    assert(annotations.summary.length > 10 && annotations.action.length > 20, alert);
    for (const [, name = "", , matchers = ""] of expr.matchAll(
      /\b(crosscheck_[a-z_]+|up)\b(\{([^}]*)\})?/g,
    )) {
      if (name === "up") continue;
      const metric = known.get(name.replace(/_bucket$/, ""));
      assert(metric, `${alert}: ${name}`);
      for (const [, label = ""] of matchers.matchAll(/(\w+)\s*[=!]/g))
        assert(metric.labels.includes(label), `${alert}: ${name} has no label ${label}`);
    }
    const named = [...`${annotations.summary} ${annotations.action}`.matchAll(/\b[a-z]+(?:-[a-z]+)+\b/g)];
    const events = new Set(logEvents(root).map(({ event }) => event));
    const words = new Set(["runs-at-once", "when-crosscheck-fails"]);
    for (const [word] of named) assert(events.has(word) || words.has(word), `${alert}: ${word} is no event`);
  }
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
});
