import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { eachDatabase, freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const maxBody = 2048;

const routes = [
  { ...pageRoute, input: 'input.kind == "page"' },
  // An object with one key twice is an error of Rego's, not false: the alert decides whether it happens.
  { ...pageRoute, name: "erring", input: 'count({"key": value | some value in input.values}) > 0' },
];

suite("an alert that nobody understands is told all the same", { concurrency: 2 }, () => {
  eachDatabase("unrouted", (fresh) => {
    let parts: AsyncDisposableStack;
    let world: World;
    let server: Crosscheck;

    before(async () => {
      parts = new AsyncDisposableStack();
      world = parts.use(await startWorld(["eu", "na"]));
      const base = configIn(world, { routes, unrouted: ["ops", "backup"] });
      const backup = { name: "backup", type: "webhook", url: `${world.receiver.url}/backup` };
      const file = parts.use(
        await configFile({
          ...base,
          actions: [...base.actions, backup],
          server: { ...base.server, "max-body": `${maxBody} B` },
        }),
      );
      const database = parts.use(await fresh());
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    });
    after(() => parts.disposeAsync());

    /** Posts bytes as they are; the id that was given to them. */
    const postRaw = async (body: string | Uint8Array<ArrayBuffer>, path = "/") => {
      const response = await server.request(path, { method: "POST", body });
      assert.equal(response.status, 202);
      return ((await response.json()) as { id: string }).id;
    };
    const received = async (id: string) =>
      Buffer.from(await (await server.request(`/api/v1/alerts/${id}`)).arrayBuffer());
    const reasonOf = (subject: string) =>
      until("the verdict", async () => (await server.incidentOf(subject))?.runs[0]?.verdict?.reason);

    test("not JSON", async () => {
      const id = await postRaw("<alert>the house is on fire</alert>");
      const [notice] = await world.receiver.hears("/ops", id);
      assert.match(notice?.body ?? "", /treat as real \(alert from webhook\): its body is not JSON/);
      assert.match(notice?.body ?? "", /the house is on fire/);
    });

    test("not text either, an empty body, NUL characters and half a surrogate", async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      for (const body of [bytes, new Uint8Array(), '{"kind":"nul \\u0000 \\ud800"}', "\u0000"]) {
        const id = await postRaw(body);
        await world.receiver.hears("/ops", id);
        assert.deepEqual(await received(id), Buffer.from(body as string));
      }
    });

    test("larger than is kept: taken, cut, told", async () => {
      const id = await postRaw(JSON.stringify({ kind: "page", text: "x".repeat(100 * maxBody) }));
      const [notice] = await world.receiver.hears("/ops", id);
      assert.match(notice?.body ?? "", /its body is larger than 2048 bytes; the rest is lost/);
      assert.equal((await received(id)).length, maxBody);
    });

    test("for a route that does not exist", async () => {
      const id = await server.post({ kind: "page" }, "/tenant/pgae");
      const [notice] = await world.receiver.hears("/ops", id);
      assert.match(notice?.body ?? "", /it names the route \\"pgae\\", which does not exist/);
    });

    test("from a source that does not exist, whatever is in it", async () => {
      const bodies = [
        ['{"kind": "page"}', ""],
        ["<alert/>", "; its body is not JSON"],
      ] as const;
      for (const [body, more] of bodies) {
        const id = await postRaw(body, "/alerts/alertmanger");
        const [notice] = await world.receiver.hears("/ops", id);
        // In the first line as it is, in the summary as a sentence of its own.
        const why = `t names the source \\"alertmanger\\", which does not exist${more}`;
        assert.ok(notice?.body?.includes(why) === true, notice?.body ?? "");
        assert.deepEqual(await received(id), Buffer.from(body));
      }
    });

    test("that no route takes; one that is resolved is only kept", async () => {
      const resolved = await server.post({ kind: "unheard of", status: "resolved" });
      const id = await server.post({ kind: "unheard of" });
      const [notice] = await world.receiver.hears("/ops", id);
      assert.match(notice?.firstLine ?? "", /^NOT CHECKED, treat as real .*no route takes it/);
      assert.deepEqual(world.receiver.told("/ops", resolved), []);
    });

    test("over once all have heard of it, so that the next one like it is told again", async () => {
      const alerts = Array.from({ length: 20 }, (_, number) => ({ repeated: number }));
      for (const _time of ["once", "again"]) {
        const ids = await Promise.all(alerts.map((alert) => server.post(alert)));
        for (const id of ids)
          await Promise.all(["/ops", "/backup"].map((who) => world.receiver.hears(who, id)));
        await until("all to be over", async () => {
          const path = "/api/v1/incidents?route=unrouted&limit=200";
          const { incidents } = await server.read<{ incidents: IncidentJson[] }>(path);
          return incidents.every(({ state }) => state === "closed");
        });
      }
    });

    test("whose route cannot decide: it pages, reason route-error", async () => {
      await server.post({ values: [1, 2], url: "http://erring.example" });
      const [notice] = await world.receiver.hears("/oncall", "erring.example");
      assert.match(notice?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
      assert.match(notice?.body ?? "", /object keys must be unique/);
      assert.equal(await reasonOf("http://erring.example"), "route-error");
    });

    test("whose check cannot be built: it pages, reason check-not-built", async () => {
      // Without input.url the subject is the default one.
      const id = await server.post({ kind: "page" });
      const [notice] = await world.receiver.hears("/oncall", id);
      assert.match(notice?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
      assert.match(
        notice?.body ?? "",
        /page cannot be built: input\.url in its url is undefined for this alert/,
      );
      const found = (await server.incidents()).find(({ reason }) => reason === "check-not-built");
      assert.equal(found?.outcome, "inconclusive");
    });

    test("whose target is no address: it pages, reason check-not-built, and bothers nobody else", async () => {
      for (const url of ["not a url", "file:///etc/passwd", "http://[::1", "http://localhost\u0000/"]) {
        const id = await server.post({ kind: "page", url });
        const [notice] = await world.receiver.hears("/oncall", id);
        assert.match(notice?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
        assert.match(notice?.body ?? "", /"reason":"check-not-built"/);
        assert.match(notice?.body ?? "", /page cannot be built: url: /);
      }
      assert.deepEqual(world.receiver.told("/ops", "job-failed"), []);
    });

    test("whose target is private, or this machine's secrets: not looked at, and it pages", async () => {
      for (const url of ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]/"]) {
        const id = await server.post({ kind: "page", url });
        const [notice] = await world.receiver.hears("/oncall", id);
        assert.match(notice?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
        assert.match(notice?.body ?? "", /"errorClass":"location.blocked-target"/);
      }
    });
  });

  test("with nobody in unrouted, Crosscheck's own trouble list hears of it", async () => {
    await using world = await startWorld(["eu", "na"]);
    const { unrouted: _, ...config } = configIn(world, { routes });
    await using file = await configFile(config);
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    await server.post({ kind: "unheard of" });
    const [notice] = await world.receiver.hears("/ops", "unrouted-alert");
    assert.equal(notice?.event, "trouble");
    assert.match(notice?.body ?? "", /reached nobody: no route takes it/);
    const unrouted = await server.read<{ incidents: IncidentJson[] }>("/api/v1/incidents?route=unrouted");
    assert.deepEqual(
      unrouted.incidents.map(({ state }) => state),
      ["closed"],
    );
  });
});
