import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld, type World } from "../fixtures/world.ts";

/** Rego that errs (it is not undefined): one object with a key twice, and more steps than a rule or a template may take. */
const conflict = 'count({"key": value | some value in input.values})';
const costly = "count(numbers.range(1, 600000)) + count(numbers.range(2, 600000))";

const templates = { conflict, costly };

suite("Rego that errs on an alert is its own route's business", { concurrency: true }, () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let server: Crosscheck;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    const erring = Object.keys(templates).flatMap((name) => [
      {
        ...pageRoute,
        name: `checking-${name}`,
        input: `input.kind == "${name}"`,
        checks: [name],
        actions: ["watcher"],
      },
      { name: `passing-${name}`, input: `input.kind == "${name}"`, actions: ["team"] },
    ]);
    const base = configIn(world);
    const file = parts.use(
      await configFile({
        ...base,
        actions: [
          ...base.actions.filter(({ name }) => name !== "team"),
          ...["team", "watcher"].map((name) => ({
            name,
            type: "webhook",
            url: `${world.receiver.url}/${name}`,
          })),
        ],
        checks: Object.entries(templates).map(([name, expression]) => ({
          ...pageCheck,
          name,
          url: `http://127.0.0.1/{{ ${expression} }}`,
        })),
        routes: [
          ...erring,
          { name: "unchecked", input: `input.kind == "unchecked"; ${costly} > 0`, actions: ["team"] },
        ],
      }),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const over = (route: string) =>
    until(`${route} to be over`, async () => {
      const found = (await server.incidents()).find((incident) => incident.route === route);
      return found?.state === "closed" ? server.incidentOf(found.subject) : undefined;
    });

  for (const name of Object.keys(templates)) {
    test(`in a check's url (${name}): the other route tells, its own says that it could not check`, async () => {
      const id = await server.post({ kind: name, values: [1, 2], url: `http://${name}.example` });
      const [passedOn] = await world.receiver.hears("/team", id, 1, 5000);
      assert.equal(passedOn?.event, "trigger");

      const [notice] = await world.receiver.hears("/oncall", id, 1, 5000);
      assert.match(notice?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
      assert.match(notice?.body ?? "", /"reason":"check-not-built"/);
      assert.match(notice?.body ?? "", new RegExp(`${name} cannot be built: its url failed: `));
      const [arrival] = await world.receiver.hears("/watcher", id, 1, 5000);
      assert.equal(arrival?.event, "trigger");
      assert.deepEqual(world.receiver.told("/ops", id), []);
    });
  }

  test("in the rule of a route without checks: told as inconclusive, once, and over", async () => {
    const id = await server.post({ kind: "unchecked" });
    const heard = await world.receiver.hears("/team", id, 1, 5000);
    const incident = await over("unchecked");
    assert.deepEqual([incident.outcome, incident.reason], ["inconclusive", "route-error"]);
    assert.equal(incident.runs.length, 1);
    assert.ok(incident.deliveries.every(({ state }) => state !== "pending"));
    const verdicts = world.receiver.told("/team", id).filter(({ event }) => event === "verdict");
    assert.equal(verdicts.length, 1);
    assert.match(verdicts[0]?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
    assert.match(verdicts[0]?.body ?? "", /the route's rule failed: .*budget/);
    assert.ok(heard.length > 0);
    assert.deepEqual(world.receiver.told("/ops", id), []);
  });
});
