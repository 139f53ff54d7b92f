import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** One place to look from: what passes there is inconclusive, so that only the sender can say that it is over. */
const route = {
  ...pageRoute,
  subject: "input.commonLabels.service",
  input: "input.commonLabels.service",
  locations: ["eu"],
  verdict: { ...quick, "open-recheck": ["1h"] },
};

suite("a group of which a part is resolved, about one subject of the route's", () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let server: Crosscheck;

  before(async () => {
    world = parts.use(await startWorld(["eu"]));
    const checks = [{ ...pageCheck, url: world.site.page("/") }];
    const sources = [{ name: "alertmanager", type: "alertmanager" }];
    const file = parts.use(await configFile(configIn(world, { checks, routes: [route], sources })));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const send = (service: string, ...statuses: string[]) => {
    const alerts = statuses.map((status, index) => ({
      status,
      labels: { instance: `https://${index}.example` },
    }));
    return server.post({ groupKey: "{}:{}", commonLabels: { service }, alerts }, "/alerts/alertmanager");
  };
  const reached = (service: string, condition: (incident: IncidentJson) => boolean) =>
    until(`${service} to get there`, async () => {
      const incident = await server.incidentOf(service);
      return incident !== undefined && condition(incident) ? incident : undefined;
    });

  for (const statuses of [
    ["resolved", "firing"],
    ["firing", "resolved"],
  ])
    test(`${statuses.join(", ")}: it stays open until all of it is resolved`, async () => {
      const service = statuses.join("-");
      await send(service, "firing", "firing");
      await reached(service, ({ state }) => state === "open");
      await send(service, ...statuses);
      const { state } = await reached(service, ({ alertCount }) => alertCount === 3);
      assert.equal(state, "open");
      assert.deepEqual(
        world.receiver.told("/oncall", service).map(({ event }) => event),
        ["verdict"],
      );
      await send(service, "resolved", "resolved");
      await reached(service, (incident) => incident.state === "closed");
      const told = await world.receiver.hears("/oncall", service, 2);
      assert.equal(told[1]?.event, "recovered");
    });
});
