import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { runCommand } from "../fixtures/command.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { configIn, pageCheck, pageRoute, startWorld } from "../fixtures/world.ts";

suite("what a check may take from the alert", () => {
  test("its url is the incident's subject: data.alert.subject", async () => {
    await using world = await startWorld(["eu", "na"]);
    const { site, receiver } = world;
    await using file = await configFile(
      configIn(world, {
        checks: [{ ...pageCheck, url: "{{ data.alert.subject }}" }],
        routes: [{ ...pageRoute, input: "input.about", subject: "input.about.page" }],
      }),
    );
    const checked = await runCommand(["config", "check", file.path]);
    assert.equal(checked.code, 0, [...checked.stdout, ...checked.stderr].join("\n"));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    await server.post({ about: { page: site.page("/subject") } });
    const [notice] = await receiver.hears("/team", site.page("/subject"));
    assert.match(notice?.firstLine ?? "", /^NOT SEEN FROM OUTSIDE 2\/2 ok/);
    assert.deepEqual(new Set(site.visits("/subject")), new Set(["eu", "na"]));
  });
});
