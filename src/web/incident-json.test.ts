import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { fail, noon, planOf, verdictOf } from "../../test/fixtures/observations.ts";
import { newId } from "../model/id.ts";
import { newIncident } from "../model/incident.ts";
import type { Run } from "../model/run.ts";
import { insertIncident } from "../store/incidents.ts";
import { endRun, insertObservation, insertRun } from "../store/runs.ts";
import { incidentJson, incidentListJson } from "./incident-json.ts";

suite("an incident as the API shows it", () => {
  eachDatabase("runs", (fresh) => {
    const incident = newIncident({ route: "page", subject: "it", now: noon });
    const verdict = verdictOf("confirmed", { eu: "fail" });
    const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
    let whole: Awaited<ReturnType<typeof incidentJson>>;
    let listed: Awaited<ReturnType<typeof incidentListJson>>;

    before(async () => {
      await using place = await fresh();
      await using database = await place.open();
      await database.write([insertIncident(incident)]);
      for (const number of numbers) {
        const times = { startedAt: noon + number, deadlineAt: noon, endedAt: null };
        const about = { id: newId(), incidentId: incident.id, number, cause: "recheck", look: 1 } as const;
        const run: Run = { ...about, ...times, plan: planOf(), verdict: null };
        const seen = insertObservation(run.id, 1, fail("eu", { startedAt: noon + number }));
        await database.write([insertRun(run), seen, endRun(run.id, verdict, noon + number + 7)]);
      }
      whole = await incidentJson(database, incident);
      listed = await incidentListJson(database, incident);
    });

    test("all come with their verdicts, oldest first", () => {
      assert.deepEqual(
        whole.runs.map(({ number, durationMs }) => [number, durationMs]),
        numbers.map((number) => [number, 7]),
      );
      for (const run of whole.runs) assert.deepEqual(run.verdict, verdict);
    });

    test("the last ten come with what they saw, the others say that theirs is left out", () => {
      assert.deepEqual(
        whole.runs.map(({ observations, observationsOmitted }) => [observations.length, observationsOmitted]),
        numbers.map((number) => (number <= 2 ? [0, true] : [1, false])),
      );
      const { startedAt, attempts, ...rest } = fail("eu");
      assert.deepEqual(whole.runs[2]?.observations, [
        {
          ...rest,
          look: 1,
          startedAt: new Date(startedAt + 3).toISOString(),
          attempts: attempts.map((one) => ({ ...one, startedAt: new Date(one.startedAt).toISOString() })),
        },
      ]);
    });

    test("in a list there is the last alone, with what it saw", () => {
      assert.deepEqual(listed.runs, whole.runs.slice(-1));
    });
  });
});
