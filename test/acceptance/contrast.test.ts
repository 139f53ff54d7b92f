import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { contrast } from "../../src/steps/contrast.ts";
import { contrastsOfRun } from "../../src/store/contrasts.ts";
import type { Database } from "../../src/store/database.ts";
import { observationsOfRun } from "../../src/store/runs.ts";
import { configFile } from "../fixtures/config-file.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startSteps, type Steps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const never = new AbortController().signal;
const wrongText = [{ source: "body", comparison: "contains", target: "nothing that the page says" }];

/** Two checks that fail everywhere on a page that answers, one of them with a secret. */
function configFor(world: World, tokenPath: string) {
  const checks = ["one", "two"].map((name) => ({
    ...pageCheck,
    name,
    headers: name === "one" ? { authorization: `file:${tokenPath}` } : {},
    url: world.site.page(`/${name}`),
    assertions: wrongText,
    "self-test": false,
  }));
  const route = { ...pageRoute, checks: ["one", "two"], notify: { confirmed: ["oncall"] } };
  return configIn(world, { checks, routes: [route], resolvers: ["127.0.0.8", "127.0.0.9"] });
}

/** The run that a page's verdict is of, as if the site had three addresses and a resolver had said so. */
async function failedRun(steps: Steps, database: Database): Promise<string> {
  await steps.receive({ url: "http://shop.example/" });
  const runId = await steps.workUntil(() =>
    until("the verdict", async () => {
      const [run] = await database.read<{ id: string }>("select id from runs where ended_at is not null");
      return run?.id;
    }),
  );
  for (const { look, observation } of await observationsOfRun(database, runId)) {
    const resolvedAddresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
    const seen = { ...observation, resolvedAddresses, resolver: "127.0.0.7" };
    const { check, location } = observation;
    await database.write([
      {
        sql: "update observations set observation = $1 where run_id = $2 and look = $3 and check_name = $4 and location = $5",
        params: [JSON.stringify(seen), runId, look, check, location],
      },
    ]);
  }
  return runId;
}

async function askedAt(database: Database, runId: string): Promise<Record<string, string[]>> {
  const contrasts = await contrastsOfRun(database, runId);
  const places = Object.groupBy(contrasts, ({ location }) => location);
  return Object.fromEntries(
    Object.entries(places).map(([place, own = []]) => [place, own.map(({ check }) => check).toSorted()]),
  );
}

eachDatabase("contrast", (fresh) => {
  test("six changes at a location for all its checks together, and once", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using token = await configFile("secret");
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config: configFor(world, token.path), database });
    const runId = await failedRun(steps, database);
    await contrast(steps.context, runId, never);
    const six = ["one", "one", "one", "two", "two", "two"];
    assert.deepEqual(await askedAt(database, runId), { eu: six, na: six });
    const visits = world.site.visits("/one").length;
    await contrast(steps.context, runId, never);
    assert.equal(world.site.visits("/one").length, visits);
  });

  test("a secret that is gone ends it: it is not tried for ever", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using token = await configFile("secret");
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config: configFor(world, token.path), database });
    const runId = await failedRun(steps, database);
    await rm(token.path);
    await contrast(steps.context, runId, never);
    assert.deepEqual(await contrastsOfRun(database, runId), []);
  });

  test("not long after the verdict: what works then may work again by itself", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using token = await configFile("secret");
    await using place = await fresh();
    await using database = await place.open();
    let laterMs = 0;
    const now = () => Date.now() + laterMs;
    await using steps = await startSteps({ config: configFor(world, token.path), database, now });
    const runId = await failedRun(steps, database);
    laterMs = 600_000;
    await contrast(steps.context, runId, never);
    assert.deepEqual(await contrastsOfRun(database, runId), []);
  });
});
