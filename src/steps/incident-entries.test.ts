import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { defaultPolicy, incidentOf, noon } from "../../test/fixtures/observations.ts";
import { newId } from "../model/id.ts";
import { noProgress, troubleRoute } from "../model/incident.ts";
import type { Incident, Told } from "../model/incident.ts";
import { insertIncident } from "../store/incidents.ts";
import { Entries } from "./incident-entries.ts";

const minute = 60_000;
const told = (outcome: Told["outcome"]): Told => ({ outcome, failing: 1, at: noon, actions: ["pagerduty"] });
const progress = { ...noProgress, sparedAt: [noon - minute], reopenedAt: [noon - 2 * minute] };
const over = (minutesAgo: number, rest: Partial<Incident> = {}) => {
  const closedAt = noon - minutesAgo * minute;
  return incidentOf({ id: newId(), state: "closed", closedAt, alertCount: 1, progress, ...rest });
};

interface Case {
  readonly name: string;
  readonly before: Incident;
  readonly becomes: "taken up" | "counts on" | "forgotten";
}

const cases: Case[] = [
  { name: "told, over for 14 min", before: over(14, { told: told("regional") }), becomes: "taken up" },
  { name: "told, over for 15 min", before: over(15, { told: told("regional") }), becomes: "counts on" },
  { name: "told as insisted on", before: over(14, { told: told("inconclusive") }), becomes: "taken up" },
  { name: "spared", before: over(1, { told: told("not-reproduced") }), becomes: "counts on" },
  { name: "told to nobody", before: over(1), becomes: "counts on" },
  { name: "over for 59 min", before: over(59, { told: told("confirmed") }), becomes: "counts on" },
  { name: "over for an hour", before: over(60, { told: told("confirmed") }), becomes: "forgotten" },
];

eachDatabase("the incident that an alert goes to", (fresh) => {
  for (const { name, before, becomes } of cases) {
    test(`the last one ${name}: ${becomes}`, async () => {
      await using place = await fresh();
      await using database = await place.open();
      const older = over(61, { progress: noProgress, told: told("confirmed") });
      await database.write([insertIncident(older), insertIncident(before)]);
      const entries = new Entries(database, noon);
      const { incident, stored } = await entries.of(before.route, before.subject, defaultPolicy);
      assert.equal(stored?.id, becomes === "taken up" ? before.id : undefined);
      const { sparedAt, reopenedAt } = becomes === "forgotten" ? noProgress : progress;
      assert.deepEqual([incident.progress.sparedAt, incident.progress.reopenedAt], [sparedAt, reopenedAt]);
    });
  }

  test("the one that is not over is joined, however old, and whatever its route", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const open = incidentOf({ state: "open", openedAt: noon - 5000 * minute, route: troubleRoute });
    await database.write([insertIncident(open)]);
    const { incident } = await new Entries(database, noon).of(open.route, open.subject);
    assert.equal(incident.id, open.id);
  });

  test("without a policy nothing is taken up again", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const before = over(1, { told: told("confirmed") });
    await database.write([insertIncident(before)]);
    const { incident, stored } = await new Entries(database, noon).of(before.route, before.subject);
    assert.equal(stored, null);
    assert.deepEqual(incident.progress, noProgress);
  });
});
