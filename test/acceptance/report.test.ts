import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { Report } from "../../src/model/report.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { runCommand } from "../fixtures/command.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase, type FreshDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const run = (...args: readonly string[]) => runCommand(["report", ...args]);

suite("what was paged and what was spared", () => {
  eachDatabase("report", (fresh, kind) => {
    let parts: AsyncDisposableStack;
    let world: World;
    let database: FreshDatabase;
    let server: Crosscheck;
    let file: ConfigFile;

    before(async () => {
      parts = new AsyncDisposableStack();
      world = parts.use(await startWorld());
      const verdict = { ...quick, recheck: ["1h"], "open-recheck": ["1h"] };
      const routes = [
        { ...pageRoute, verdict },
        { ...pageRoute, name: "trial", mode: "shadow", verdict },
        { name: "passed-on", input: "input.url", subject: "input.url", actions: ["ops"] },
      ];
      const sources = [{ name: "monitoring", type: "generic", token: "$SOURCE" }];
      file = parts.use(await configFile(configIn(world, { routes, sources })));
      database = parts.use(await fresh());
      const env = { SOURCE: "s3cret" };
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location, env }));
      world.site.set("/down", "down");
      world.site.set("/apac-down", "up", { apac: "down" });
      const posts = [
        ["/up", "page"],
        ["/down", "page"],
        ["/apac-down", "page"],
        ["/up", "trial"],
        ["/down", "trial"],
        ["/up", "passed-on"],
      ];
      for (const [path = "", route] of posts)
        await server.post({ url: world.site.page(path) }, `/tenant/${route}`);
      await until("every verdict", async () => {
        const incidents = await server.incidents();
        const open = incidents.filter(({ route }) => route !== "passed-on");
        return open.length === 5 && open.every(({ outcome }) => outcome !== null);
      });
      const spared = (await server.incidents()).find(({ outcome }) => outcome === "not-reproduced");
      await server.request(`/api/v1/incidents/${spared?.id}/mark`, {
        method: "POST",
        body: '{"mark":"real"}',
      });
    });
    after(() => parts.disposeAsync());

    const report = (query = "") => server.read<Report>(`/api/v1/report${query}`);

    test("by route, sender and location, and it adds up", async () => {
      const { total, routes, senders, locations } = await report();
      const summary = routes.map(({ route, mode, pages, spared, wouldBeSpared, neither }) => ({
        route,
        mode,
        counts: [pages, spared, wouldBeSpared, neither],
      }));
      assert.deepEqual(summary, [
        { route: "page", mode: "gate", counts: [2, 1, 0, 0] },
        { route: "passed-on", mode: null, counts: [1, 0, 0, 0] },
        { route: "trial", mode: "shadow", counts: [2, 0, 1, 0] },
      ]);
      assert.deepEqual([total.alerts, total.incidents, total.pages, total.spared], [6, 6, 5, 1]);
      assert.deepEqual(
        senders.map(({ sender, incidents }) => [sender, incidents]),
        [["webhook", 6]],
      );
      const { outcomes } = total;
      assert.deepEqual(
        [outcomes.confirmed, outcomes.regional, outcomes["not-reproduced"], outcomes.none],
        [2, 1, 2, 1],
      );
      assert.equal(total.runs, 5);
      assert.ok(total.disagreements >= 1);
      assert.ok((total.timeToVerdictMs.p50 ?? -1) >= 0);
      assert.deepEqual([total.marks.real, total.marks.missedPages, total.marks.recall], [1, 1, 0]);
      assert.deepEqual(locations.map(({ location }) => location).toSorted(), ["apac", "eu", "na"]);
      const [page] = routes;
      assert.equal(page?.suggestion.confirm, null);
      assert.match(page?.suggestion.reason ?? "", /it takes 10/);
    });

    test("since when is a duration, and not for ever", async () => {
      assert.equal((await report("?since=1ms")).total.incidents, 0);
      for (const since of ["91d", "0s", "soon", "-1d"]) {
        const response = await server.request(`/api/v1/report?since=${since}`);
        assert.equal(response.status, 400, since);
        assert.match(((await response.json()) as { detail: string }).detail, /such as 7d, at most 90d/);
      }
    });

    test("crosscheck report: from the server for people and for programs, and from its database", async () => {
      const shown = await run("--server", server.url);
      assert.equal(shown.code, 0, shown.stderr.join("\n"));
      const said = shown.stdout.join("\n");
      assert.match(said, /^route +mode +alerts +incidents +pages +in shadow +spared/m);
      assert.match(said, /^page +gate +3 +3 +2 +0 +1 +0 +\d\/3 +\d+\.\d s +\d+\.\d s$/m);
      assert.match(said, /^passed-on +- +1 +1 +1 +0 +0 +0 +0\/0 +- +-$/m);
      assert.match(said, /^ {2}all: 1 of 1 real ones not paged, 0 of 0 false ones paged/m);
      assert.match(said, /^ {2}page: stays 2 \(/m);

      const where =
        "url" in database.location
          ? ["--database", database.location.url]
          : ["--data", database.location.data];
      const byProgram = [await run("--json", "--server", server.url), await run("--json", ...where)];
      const [asked, own] = byProgram.map(({ stdout }) => JSON.parse(stdout.join("\n")) as Report);
      assert.deepEqual({ ...own, since: "", until: "" }, { ...asked, since: "", until: "" });

      assert.deepEqual((await run("--server", server.url, "--since", "1ms")).stdout.length, 1);
      assert.equal((await run("--since", "soon")).code, 2);
      assert.equal((await run("--server", server.url, ...where)).code, 2);
      if (kind === "postgres") return;
      const nowhere = await run("--data", file.folder);
      assert.deepEqual([nowhere.code, nowhere.stdout], [1, []]);
      assert.match(nowhere.stderr.join("\n"), /there is no database of Crosscheck in /);
    });
  });
});
