import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld } from "../fixtures/world.ts";

/** Nobody is allowed to ask this one, so that nobody can tell. */
const elsewhere = "http://10.0.0.1/";
const people = ["boss", "local", "keeper"];

/** Two checks: what the second one comes to beside a page that fails in one place only. */
const cases = [
  { title: "and one that nobody could judge", other: elsewhere, message: /location\.blocked-target/ },
  { title: "and one that could not be built", other: undefined, message: /elsewhere cannot be built/ },
];

suite("several checks: all are told whom one of their outcomes is told to", () => {
  for (const { title, other, message } of cases) {
    test(`one that fails in one place ${title}`, async () => {
      await using world = await startWorld();
      const { site, receiver } = world;
      await using file = await configFile(
        configIn(world, {
          checks: [pageCheck, { ...pageCheck, name: "elsewhere", url: "{{ input.other }}" }],
          routes: [
            {
              ...pageRoute,
              checks: ["page", "elsewhere"],
              notify: { confirmed: ["boss"], regional: ["local"], inconclusive: ["keeper"] },
            },
          ],
          actions: [...people, "ops"].map((name) => ({
            name,
            type: "webhook",
            url: `${receiver.url}/${name}`,
          })),
        }),
      );
      await using database = await freshSqlite();
      await using server = await startCrosscheck({ config: file.path, database: database.location });
      const subject = site.page("/partly");
      site.set("/partly", "up", { apac: "down" });
      await server.post({ url: subject, ...(other === undefined ? {} : { other }) });

      for (const who of ["/local", "/keeper"]) {
        const [notice] = await receiver.hears(who, subject);
        assert.match(notice?.firstLine ?? "", /^PARTLY DOWN 1\/3 apac/);
        assert.match(notice?.body ?? "", message);
      }
      await until("all to be sent", async () => {
        const incident = await server.incidentOf(subject);
        return incident?.deliveries.every(({ state }) => state === "delivered");
      });
      const told = people.map((who) => receiver.told(`/${who}`, subject).length);
      assert.deepEqual(told, [0, 1, 1]);
    });
  }
});
