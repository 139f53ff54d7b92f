import assert from "node:assert/strict";
import { test } from "node:test";
import { freshSqlite } from "../../test/fixtures/databases.ts";
import { startReceiver } from "../../test/fixtures/receiver.ts";
import { startSteps } from "../../test/fixtures/steps.ts";
import type { Alert } from "../model/alert.ts";
import { Emergency } from "./emergency.ts";

test("an alert that no message can be made of is told to nobody, and ends nothing", async () => {
  await using receiver = await startReceiver();
  await using place = await freshSqlite();
  await using database = await place.open();
  const config = {
    controls: [],
    resolvers: [],
    actions: [{ name: "oncall", type: "webhook", url: `${receiver.url}/oncall` }],
    routes: [{ name: "pass-on", actions: ["oncall"] }],
    server: { emergency: ["oncall"] },
  };
  await using steps = await startSteps({ config, database });
  const good = await steps.receive({ number: 1 });
  // No date is as late: what says when it came cannot be written.
  const bad: Alert = { ...good, receivedAt: 1e300, body: new TextEncoder().encode("{}") };
  const stopping = new AbortController();
  const emergency = new Emergency(steps.context, stopping.signal);
  assert.equal(await emergency.tell(bad), false);
  assert.match(steps.complaints.join("\n"), /^not-emergency-told .*Invalid time value/m);
  assert.equal(await emergency.tell(good), true);
  assert.equal(receiver.told("/oncall").length, 1);
});
