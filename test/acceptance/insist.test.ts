import assert from "node:assert/strict";
import { test } from "node:test";
import { newId } from "../../src/model/id.ts";
import { insertAlert } from "../../src/store/alerts.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startSteps, type Steps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** As much of it as a first line of 120 characters has room for here. */
const note = "sender insists";

function insistConfig(world: World, verdict: object = {}) {
  return { ...configIn(world), routes: [{ ...pageRoute, verdict: { ...quick, ...verdict } }] };
}

async function sparedAndOver({ context }: Steps, count: number): Promise<boolean> {
  const rows = await context.database.read("select 1 from incidents where state = 'closed'");
  return rows.length === count;
}

eachDatabase("a sender that insists", (fresh) => {
  test("spared twice, over twice, is told at the third spare within the hour", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config: insistConfig(world), database });
    const url = world.site.page("/insisted");
    for (const spares of [1, 2]) {
      await steps.receive({ url });
      await steps.workUntil(() => until("the watch to end", () => sparedAndOver(steps, spares)));
    }
    assert.equal(world.receiver.told("/oncall").length, 0);
    await steps.receive({ url });
    await steps.workUntil(() => world.receiver.hears("/oncall", note));
    const open = await database.read<{ state: string }>(
      "select state from incidents where closed_at is null",
    );
    assert.equal(open.length, 1);
    assert.deepEqual(steps.complaints, []);
  });

  test("one that is known to say when it is over, and has not, is told though it was spared once", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using place = await fresh();
    await using database = await place.open();
    const config = insistConfig(world, { insist: { unresolved: "1s" } });
    await using steps = await startSteps({ config, database });
    const url = world.site.page("/insisted");
    const once = await steps.receive({ url: world.site.page("/other") });
    await database.write([insertAlert({ ...once, id: newId(), status: "resolved" })]);
    await steps.receive({ url });
    await steps.workUntil(() => world.receiver.hears("/oncall", note));
    assert.deepEqual(steps.complaints, []);
  });
});
