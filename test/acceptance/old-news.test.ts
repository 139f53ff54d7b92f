import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

/** One who is away, and one who is not, a route each time: what one test's receivers do must not touch another's. */
const routes = [
  { name: "not-told-the-end", notify: { confirmed: ["away", "team"], recovered: ["team"] } },
  { name: "told-the-end", notify: { confirmed: ["late", "team"], recovered: ["late", "team"] } },
  { name: "dead-letter", notify: { confirmed: ["mute", "team"], recovered: ["mute", "team"] } },
];

suite("news that is old by the time its receiver is back", { concurrency: true }, () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let server: Crosscheck;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    const file = parts.use(
      await configFile(
        configIn(world, {
          routes: routes.map((route) => ({ ...pageRoute, ...route, input: `input.kind == "${route.name}"` })),
          actions: ["away", "late", "mute", "team", "ops"].map((name) => ({
            name,
            type: "webhook",
            url: `${world.receiver.url}/${name}`,
          })),
        }),
      ),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  /** An incident that opens, recovers and closes. */
  async function fallAndRise(route: string, who: string): Promise<IncidentJson> {
    const { site, receiver } = world;
    const subject = site.page(`/${route}`);
    site.set(`/${route}`, "down");
    await server.post({ kind: route, url: subject });
    await Promise.all([receiver.hears("/team", subject), receiver.hears(`/${who}`, subject)]);
    site.set(`/${route}`, "up");
    await receiver.hears("/team", subject, 2);
    return until("it to be over", async () => {
      const found = await server.incidentOf(subject);
      return found?.state === "closed" ? found : undefined;
    });
  }

  /** The events that an action has been told of since it is back. */
  const toldSince = (who: string, subject: string, before: number) =>
    world.receiver
      .told(`/${who}`, subject)
      .slice(before)
      .map(({ event }) => event);

  test("it was over before: the old DOWN is superseded, and nothing is said", async () => {
    world.receiver.always("/away", answering(503));
    const { subject } = await fallAndRise("not-told-the-end", "away");
    const before = world.receiver.told("/away", subject).length;
    world.receiver.always("/away");
    const incident = await until("the old news to be dropped", async () => {
      const found = await server.incidentOf(subject);
      return found !== undefined && stateOf(found, "away", "verdict") !== "pending" ? found : undefined;
    });
    assert.equal(stateOf(incident, "away", "verdict"), "superseded");
    assert.equal(stateOf(incident, "team", "verdict"), "delivered");
    assert.deepEqual(toldSince("away", subject, before), []);
  });

  test("it is owed the end as well: it hears the end only", async () => {
    world.receiver.always("/late", answering(503));
    const { subject } = await fallAndRise("told-the-end", "late");
    const before = world.receiver.told("/late", subject).length;
    world.receiver.always("/late");
    const incident = await until("the end to be told", async () => {
      const found = await server.incidentOf(subject);
      return found !== undefined && stateOf(found, "late", "recovered") === "delivered" ? found : undefined;
    });
    assert.equal(stateOf(incident, "late", "verdict"), "superseded");
    assert.deepEqual(toldSince("late", subject, before), ["recovered"]);
  });

  test("a dead letter whose receiver has heard something newer is not sent again", async () => {
    world.receiver.answer("/mute", answering(410));
    const { subject } = await fallAndRise("dead-letter", "mute");
    await world.receiver.hears("/mute", subject, 2);
    const incident = await until("the end to be told", async () => {
      const found = await server.incidentOf(subject);
      return found !== undefined && stateOf(found, "mute", "recovered") === "delivered" ? found : undefined;
    });
    const letter = incident.deliveries.find(({ action, state }) => action === "mute" && state === "dead");
    assert.equal(letter?.event, "verdict");
    const answer = await server.request(`/api/v1/deliveries/${letter.id}/retry`, { method: "POST" });
    assert.equal(answer.status, 409);
    assert.match(await answer.text(), /its incident is over/);
    const now = await server.incidentOf(subject);
    assert.equal(now?.deliveries.find(({ id }) => id === letter.id)?.state, "dead");
  });
});

function stateOf({ deliveries }: IncidentJson, action: string, event: string): string | undefined {
  return deliveries.find((delivery) => delivery.action === action && delivery.event === event)?.state;
}
