import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newId } from "../../src/model/id.ts";
import type { Run } from "../../src/model/run.ts";
import { endHold } from "../../src/steps/hold.ts";
import { lastResort } from "../../src/steps/last-resort.ts";
import { routeInbox } from "../../src/steps/route.ts";
import { incidentsOfAlert } from "../../src/store/incidents.ts";
import { endRun, insertRun } from "../../src/store/runs.ts";
import { withoutRun } from "../../src/verdict/combine.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startSteps } from "../fixtures/steps.ts";
import { configIn, startWorld, type World } from "../fixtures/world.ts";

eachDatabase("a run that was set aside to begin anew", (fresh) => {
  const parts = new AsyncDisposableStack();
  let world: World;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
  });
  after(() => parts.disposeAsync());

  test("does not disarm the hold", async () => {
    await using database = await fresh();
    await using opened = await database.open();
    await using steps = await startSteps({ config: configIn(world), database: opened });
    const subject = world.site.page("/set-aside");
    const alert = await steps.receive({ url: subject }, { agoMs: 60_000 });
    await routeInbox(steps.context, AbortSignal.timeout(60_000));
    const [incident] = await incidentsOfAlert(opened, alert.id);
    assert.ok(incident);
    const startedAt = alert.receivedAt + 1;
    const run: Run = {
      id: newId(),
      incidentId: incident.id,
      number: 1,
      cause: "alert",
      plan: lastResort(steps.context, incident),
      look: 1,
      startedAt,
      deadlineAt: startedAt + 1000,
      endedAt: null,
      verdict: null,
    };
    const setAside = withoutRun({ reason: "interrupted", summary: "the check was interrupted" });
    await opened.write([insertRun(run), endRun(run.id, setAside, startedAt + 2000)]);

    await endHold(steps.context, alert.id);

    await steps.workUntil(async () => {
      const [notice] = await world.receiver.hears("/oncall", subject, 1, 5000);
      assert.match(notice?.firstLine ?? "", /COULD NOT CHECK, treat as real/);
      assert.match(notice?.body ?? "", /"reason":"overdue"/);
    });
  });
});
