import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { runCommand } from "../fixtures/command.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const pagerPath = "/v2/enqueue";

/** What a pager shows, and what it is told beside. */
interface Rung {
  readonly payload: {
    readonly summary: string;
    readonly custom_details: { readonly next: readonly string[] };
  };
}

suite("a route in shadow", () => {
  eachDatabase("shadow", (fresh) => {
    let parts: AsyncDisposableStack;
    let world: World;
    let server: Crosscheck;
    let file: ConfigFile;

    before(async () => {
      parts = new AsyncDisposableStack();
      world = parts.use(await startWorld());
      world.receiver.always(pagerPath, answering(202, '{"status":"success"}'));
      const notify = { confirmed: ["pager"], regional: ["team"], "not-reproduced": ["team"] };
      const verdict = { ...quick, recheck: ["1h"], "open-recheck": ["1h"] };
      const pager = {
        name: "pager",
        type: "pagerduty",
        url: world.receiver.url,
        "routing-key": "0123456789abcdef0123456789abcdef",
      };
      const config = configIn(world, {
        routes: [{ ...pageRoute, mode: "shadow", verdict, notify }],
        actions: [...configIn(world).actions, pager],
      });
      file = parts.use(await configFile(config));
      const database = parts.use(await fresh());
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    });
    after(() => parts.disposeAsync());

    const judged = async (path: string) => {
      const subject = world.site.page(path);
      await server.post({ url: subject });
      const [notice] = await world.receiver.hears(pagerPath, subject);
      const { payload } = JSON.parse(notice?.body ?? "") as Rung;
      const incident = await until("a verdict", () => server.incidentOf(subject));
      return { subject, incident, ...payload };
    };

    test("health pages all the same, says what would have been spared, and is recorded as it is", async () => {
      const { subject, incident, summary, custom_details: details } = await judged("/up");
      assert.match(summary, /^SHADOW NOT SEEN FROM OUTSIDE 3\/3 ok http/);
      assert.ok(
        details.next.includes("shadow: would have spared the page and told team"),
        details.next.join(),
      );
      assert.deepEqual([incident.outcome, incident.state], ["not-reproduced", "watching"]);
      assert.deepEqual(world.receiver.told("/team", subject), []);
    });

    test("health that the sender insists against would have rung", async () => {
      const { subject } = await judged("/insisted");
      for (const pages of [2, 3]) {
        await server.post({ url: subject });
        await world.receiver.hears(pagerPath, subject, pages);
      }
      const last = JSON.parse(world.receiver.told(pagerPath, subject).at(-1)?.body ?? "") as Rung;
      const { next } = last.payload.custom_details;
      assert.ok(next.includes("shadow: would have rung pager"), next.join());
    });

    test("trouble pages, and says that it would have", async () => {
      world.site.set("/down", "down");
      const { incident, summary, custom_details: details } = await judged("/down");
      assert.match(summary, /^SHADOW DOWN [23]\/[23] http/);
      assert.ok(details.next.includes("shadow: would have rung pager"), details.next.join());
      assert.deepEqual([incident.outcome, incident.state], ["confirmed", "open"]);
    });

    test("trouble at one place, which would have been told without a page", async () => {
      world.site.set("/apac-down", "up", { apac: "down" });
      const { incident, summary, custom_details: details } = await judged("/apac-down");
      assert.match(summary, /^SHADOW PARTLY DOWN 1\/3 apac http/);
      assert.ok(
        details.next.includes("shadow: would have spared the page and told team"),
        details.next.join(),
      );
      assert.equal(incident.outcome, "regional");
    });

    test("config check says that nothing is spared; crosscheck route says who would be told in earnest", async () => {
      const checked = await runCommand(["config", "check", file.path]);
      assert.match([...checked.stdout, ...checked.stderr].join("\n"), /mode: shadow spares nothing/);
      assert.equal(checked.code, 0);
      const alert = join(file.folder, "alert.json");
      await writeFile(alert, JSON.stringify({ url: world.site.page("/up") }));
      const { stdout } = await runCommand(["route", file.path, "--alert", alert]);
      const said = stdout.join("\n");
      assert.match(said, /mode +shadow$/m);
      const everything = "confirmed, regional, degraded, not-reproduced, inconclusive, recovered";
      assert.match(said, new RegExp(`told then +pager, if ${everything}$`, "m"));
      assert.match(said, /without shadow +pager, if confirmed, inconclusive, recovered$/m);
      assert.match(said, /without shadow +team, if regional, degraded, not-reproduced$/m);
    });
  });
});
