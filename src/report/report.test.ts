import assert from "node:assert/strict";
import { test } from "node:test";
import { noon } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import { report as reportSchema } from "../model/report.ts";
import type { CountedIncident, Report, Sums } from "../model/report.ts";
import { verdictOutcome, vote } from "../model/verdict.ts";
import { audience, counted, countedRun } from "./counted.fixture.ts";
import { ReportSums } from "./report.ts";

const window = { since: noon - 86_400_000, until: noon + 86_400_000 };

function reportOf(incidents: readonly CountedIncident[]): Report {
  const sums = new ReportSums();
  for (const incident of incidents) sums.add(incident);
  return sums.report(window);
}

const shadow = { ...audience, mode: "shadow" as const };
const page = (more: Partial<CountedIncident> = {}) => counted("confirmed", ["pagerduty"], more);
const spared = (more: Partial<CountedIncident> = {}) => counted("not-reproduced", ["slack"], more);

test("nothing happened", () => {
  const { total, routes, senders, locations } = reportOf([]);
  assert.deepEqual([routes, senders, locations], [[], [], []]);
  assert.equal(total.incidents, 0);
  assert.deepEqual(total.timeToVerdictMs, { p50: null, p95: null });
  assert.deepEqual([total.marks.precision, total.marks.recall], [null, null]);
});

test("a spared one marked real is a missed page, a paged one marked not real a false page", () => {
  const { total } = reportOf([
    page({ mark: "real" }),
    page({ mark: "real" }),
    page({ mark: "not-real" }),
    page(),
    spared({ mark: "real" }),
    spared({ mark: "not-real" }),
    spared(),
    counted("not-reproduced", ["pagerduty"], { audience: shadow, mark: "real" }),
    // Muted: nobody decided anything.
    page({ flags: ["muted"], toldActions: [], mark: "real" }),
  ]);
  assert.deepEqual(total.marks, {
    real: 4,
    notReal: 2,
    unmarked: 2,
    missedPages: 2,
    falsePages: 1,
    precision: 2 / 3,
    recall: 2 / 4,
  });
});

const verdictAfter = (ms: number) =>
  countedRun("confirmed", { eu: "fail", na: "fail" }, { endedAt: noon + ms });

test("time to verdict is from the first alert to the first verdict; of a hundred the 95th is p95", () => {
  const incidents = Array.from({ length: 100 }, (_, index) =>
    page({ runs: [verdictAfter((index + 1) * 1000), verdictAfter(999_000)] }),
  );
  assert.deepEqual(reportOf(incidents).total.timeToVerdictMs, { p50: 50_000, p95: 95_000 });
});

test("locations disagree when one fails what another passes; the least sure one stands first", () => {
  const { total, locations } = reportOf([
    page({ runs: [countedRun("confirmed", { eu: "fail", na: "fail", apac: "none" })] }),
    page({ runs: [countedRun("regional", { eu: "pass", na: "fail", apac: "none" })] }),
    spared({ runs: [countedRun("not-reproduced", { eu: "pass", na: "pass", apac: "pass" })] }),
    spared({ runs: [countedRun("regional", { eu: "flaky", na: "pass", apac: "pass" })] }),
  ]);
  assert.deepEqual([total.runs, total.disagreements], [4, 1]);
  assert.deepEqual(
    locations.map(({ location, unsure }) => [location, unsure]),
    [
      ["apac", 0.5],
      ["eu", 0.25],
      ["na", 0],
    ],
  );
});

test("every number adds up, whatever happened", () => {
  const random = new Random(7);
  const incidents = Array.from({ length: 2000 }, (): CountedIncident => {
    const outcome = random.pick(verdictOutcome.options);
    const votes = {
      eu: random.pick(vote.options),
      na: random.pick(vote.options),
      apac: random.pick(vote.options),
    };
    const runs = Array.from({ length: random.whole(0, 3) }, () =>
      countedRun(outcome, votes, { looks: random.whole(1, 2), endedAt: noon + random.whole(0, 60_000) }),
    );
    return counted(outcome, random.pick([["pagerduty"], ["slack"], []]), {
      route: random.pick(["one", "two", "three"]),
      sender: random.pick(["alertmanager", "sns"]),
      audience: random.pick([audience, shadow, { ...audience, mode: "annotate" as const }, null]),
      mark: random.pick(["real", "not-real", null]),
      flags: random.pick([[], ["muted"], ["flapping"]]),
      alerts: random.whole(1, 9),
      runs,
      ...random.pick([{}, { told: null }]),
    });
  });
  const report = reportOf(incidents);
  const { total, routes, senders, locations } = reportSchema.parse(report);
  for (const groups of [routes, senders])
    for (const count of [
      "alerts",
      "incidents",
      "pages",
      "spared",
      "wouldBeSpared",
      "neither",
      "runs",
    ] as const)
      assert.equal(sumOf(groups.map((group) => group[count])), total[count], count);
  for (const group of [total, ...routes, ...senders]) checkSums(group);
  assert.equal(total.incidents, incidents.length);
  for (const { rejudged, ...route } of routes) {
    const judged = incidents.filter((one) => one.route === route.route && one.audience !== null);
    const runs = sumOf(judged.map((one) => one.runs.length));
    for (const { confirmed, regional, other, unclear } of rejudged)
      assert.equal(confirmed + regional + other + unclear, runs);
  }
  for (const { votes } of locations)
    assert.equal(sumOf(Object.values(votes)), sumOf(incidents.map((one) => one.runs.length)));
});

function checkSums({
  incidents,
  pages,
  spared,
  wouldBeSpared,
  neither,
  outcomes,
  runs,
  ...rest
}: Sums): void {
  const { real, notReal, unmarked, missedPages, falsePages } = rest.marks;
  assert.equal(pages + spared + neither, incidents);
  assert.ok(wouldBeSpared <= pages);
  assert.equal(sumOf(Object.values(outcomes)), incidents);
  assert.equal(real + notReal + unmarked, pages + spared);
  assert.ok(missedPages <= real && falsePages <= notReal);
  assert.ok(rest.disagreements <= runs);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
