import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase, freshSqlite } from "../../test/fixtures/databases.ts";
import { explaining } from "../../test/fixtures/plans.ts";
import type { DeliveryState } from "../model/delivery.ts";
import { newId } from "../model/id.ts";
import type { Database } from "./database.ts";
import { deadLetters } from "./dead-letters.ts";
import { insertFirstDelivery, listDeliveries, settleDelivery, supersedeDelivery } from "./deliveries.ts";

const actions = ["pager", "team"] as const;
const states: readonly DeliveryState[] = ["pending", "delivered", "dead", "superseded"];

/** One of each state for each action, the newest first. */
async function fill(database: Database) {
  const all = states.flatMap((state) => actions.map((action) => ({ id: newId(), state, action })));
  const due = { event: "trigger", runId: null, now: 1, dueAt: 2 } as const;
  const about = () => ({ ...due, incidentId: newId(), notice: { alertId: null, note: null } });
  await database.write(all.map(({ id, action }) => insertFirstDelivery({ ...about(), id, action })));
  const rest = { attempts: 1, nextAt: 2, fallbackAt: null, error: null, thread: null, deliveredAt: null };
  await database.write(
    all.map(({ id, state }) =>
      state === "superseded" ? supersedeDelivery(id) : settleDelivery(id, { ...rest, state }),
    ),
  );
  return all.toReversed();
}

eachDatabase("the outbox", (fresh) => {
  test("is listed by state and action, newest first, page by page", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const all = await fill(database);
    for (const state of [undefined, ...states]) {
      for (const action of [undefined, ...actions, "nobody"]) {
        const expected = all
          .filter((one) => (state ?? one.state) === one.state && (action ?? one.action) === one.action)
          .map(({ id }) => id);
        const first = await listDeliveries(database, { state, action, limit: 1 });
        const cursor = first.at(-1)?.id;
        const others =
          cursor === undefined ? [] : await listDeliveries(database, { state, action, cursor, limit: 50 });
        assert.deepEqual(
          [...first, ...others].map(({ id }) => id),
          expected,
          `${state} ${action}`,
        );
      }
    }
  });
});

test("no list reads more of the outbox than it shows, or than is undone", async () => {
  await using place = await freshSqlite();
  await using database = await place.open();
  const { database: asked, plans } = explaining(database);
  const firstStep = () => plans.at(-1)?.split("\n")[0] ?? "";
  for (const cursor of [undefined, newId()]) {
    for (const state of ["pending", "dead", "superseded"] as const) {
      for (const action of [undefined, "pager"]) {
        await listDeliveries(asked, { state, action, cursor, limit: 50 });
        assert.match(firstStep(), new RegExp(`USING INDEX deliveries_${state}`), `${state} ${action}`);
      }
    }
    for (const state of [undefined, "delivered"] as const) {
      await listDeliveries(asked, { state, action: "pager", cursor, limit: 50 });
      assert.match(firstStep(), /USING INDEX deliveries_of_action \(action=\?/);
    }
    await deadLetters(asked, { action: "pager", cursor, limit: 50 });
    assert.match(firstStep(), /USING INDEX deliveries_dead/);
  }
});
