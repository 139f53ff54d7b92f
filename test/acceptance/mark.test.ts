import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { runCommand } from "../fixtures/command.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { eachDatabase, type FreshDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, startWorld, type World } from "../fixtures/world.ts";

const token = "t0ken-of-the-api";

type Marked = IncidentJson & { readonly mark: string | null };

suite("this one was real", () => {
  eachDatabase("marks", (fresh) => {
    let parts: AsyncDisposableStack;
    let world: World;
    let database: FreshDatabase;
    let server: Crosscheck;
    let file: ConfigFile;
    let tokenFile: string;
    let id: string;

    before(async () => {
      parts = new AsyncDisposableStack();
      world = parts.use(await startWorld(["eu", "na"]));
      const config = configIn(world);
      file = parts.use(await configFile({ ...config, server: { ...config.server, "api-tokens": ["$API"] } }));
      tokenFile = join(file.folder, "token");
      await writeFile(tokenFile, token);
      database = parts.use(await fresh());
      const env = { API: token };
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location, env }));
      const subject = world.site.page("/up");
      await server.post({ url: subject });
      id = await until("an incident", async () => {
        const { incidents } = await read<{ incidents: Marked[] }>("/api/v1/incidents");
        return incidents.find((incident) => incident.subject === subject)?.id;
      });
    });
    after(() => parts.disposeAsync());

    const asking = { authorization: `Bearer ${token}` };
    const read = async <T>(path: string) =>
      (await (await server.request(path, { headers: asking })).json()) as T;
    const post = (body: unknown, incident = id) =>
      server.request(`/api/v1/incidents/${incident}/mark`, {
        method: "POST",
        headers: asking,
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    const markOf = async () => (await read<Marked>(`/api/v1/incidents/${id}`)).mark;
    const cli = (...args: readonly string[]) =>
      runCommand(["mark", ...args, "--server", server.url, "--token-file", tokenFile]);

    test("by the API: set, changed, taken back, shown with the incident and in the list", async () => {
      assert.equal(await markOf(), null);
      for (const mark of ["real", "not-real", null]) {
        const response = await post({ mark });
        assert.deepEqual([response.status, await response.json()], [200, { id, mark }]);
        assert.equal(await markOf(), mark);
        const { incidents } = await read<{ incidents: Marked[] }>("/api/v1/incidents");
        assert.deepEqual(
          incidents.map((incident) => incident.mark),
          [mark],
        );
      }
    });

    test("what is no mark is refused, and so is one of nobody", async () => {
      for (const body of [
        "",
        "null",
        "{",
        { mark: "maybe" },
        {},
        { mark: "real", why: "x" },
        "x".repeat(9999),
      ]) {
        const response = await post(body);
        assert.equal(response.status, 400, JSON.stringify(body));
        assert.match(((await response.json()) as { detail: string }).detail, /"mark": "real"/);
      }
      assert.equal((await post({ mark: "real" }, "nobody")).status, 404);
      const without = await server.request(`/api/v1/incidents/${id}/mark`, { method: "POST", body: "{}" });
      assert.equal(without.status, 401);
    });

    test("by the command line", async () => {
      const real = await cli(id, "--real");
      assert.deepEqual([real.code, real.stdout], [0, [`${id} is marked real`]], real.stderr.join("\n"));
      assert.equal(await markOf(), "real");
      assert.deepEqual((await cli(id, "--not-real")).stdout, [`${id} is marked not-real`]);
      assert.equal(await markOf(), "not-real");
      assert.deepEqual((await cli(id, "--clear")).stdout, [`${id} has no mark`]);
      assert.equal(await markOf(), null);
      const nobody = await cli("nobody", "--real");
      assert.deepEqual([nobody.code, nobody.stdout], [1, []]);
      assert.match(nobody.stderr.join("\n"), /no incident has this id/);
      for (const args of [[], [id], [id, "--real", "--clear"], [id, id, "--real"]])
        assert.equal((await cli(...args)).code, 2, args.join(" "));
    });

    test("who said so is on record", async () => {
      await using opened = await database.open();
      const rows = await opened.read<{ actor: string; detail: string }>(
        "select actor, detail from audit where action = 'mark' order by id",
      );
      assert.equal(rows[0]?.actor, "api-token 1");
      assert.deepEqual(JSON.parse(rows[0]?.detail ?? ""), { incident: id, mark: "real", before: null });
    });
  });
});
