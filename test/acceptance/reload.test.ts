import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

suite("reload", () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let file: ConfigFile;
  let server: Crosscheck;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    file = parts.use(await configFile(config(0)));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  /** Generation after generation: everything stays but the receiver's address, which has the number in it. */
  const config = (generation: number) =>
    configIn(world, {
      routes: [pageRoute, { name: "pass-on", actions: ["listener"] }],
      actions: ["oncall", "team", "ops", "listener"].map((name) => ({
        name,
        type: "webhook",
        url: `${world.receiver.url}/${name === "listener" ? `listener-${generation}` : name}`,
      })),
    });
  const reloads = (event: string) => server.log.filter((line) => line["event"] === event).length;

  test("under load, by request and by SIGHUP: no alert is lost, and each generation takes over", async () => {
    const passedOn: string[] = [];
    const checked: string[] = [];
    const ended = new AbortController();
    const load = async () => {
      for (let number = 0; !ended.signal.aborted; number += 1) {
        passedOn.push(await server.post({ number }, "/tenant/pass-on"));
        if (number % 5 > 0) continue;
        const path = `/under-load-${number}.html`;
        await server.post({ url: world.site.page(path) }, "/tenant/page");
        checked.push(world.site.page(path));
      }
    };
    const sending = load();

    const generations = [1, 2, 3, 4, 5, 6];
    for (const generation of generations) {
      await file.write(config(generation));
      if (generation % 2 === 0) {
        assert.equal((await server.request("/reload", { method: "POST" })).status, 200);
      } else {
        server.send("SIGHUP");
        await until("SIGHUP to be obeyed", () => reloads("config-reloaded") === generation);
      }
      await world.receiver.hears(`/listener-${generation}`);
    }
    ended.abort();
    await sending;

    const heard = (id: string) =>
      [0, ...generations].flatMap((generation) => world.receiver.told(`/listener-${generation}`, id));
    await until("every alert to be delivered", () => passedOn.every((id) => heard(id).length === 1));
    for (const subject of checked) assert.equal((await world.receiver.hears("/team", subject)).length, 1);
    assert.ok(passedOn.length > generations.length);
  });

  test("a file with faults is refused, told, and changes nothing", async () => {
    await file.write(config(7));
    assert.equal((await server.request("/reload", { method: "POST" })).status, 200);
    const before = await server.read("/readyz");

    await file.write({ ...config(8), routes: [{ name: "pass-on", actions: ["listner"] }] });
    const refused = reloads("config-refused");
    server.send("SIGHUP");
    await until("SIGHUP to be refused", () => reloads("config-refused") > refused);
    const [complaint] = await world.receiver.hears("/ops", "refused-reload");
    assert.equal(complaint?.event, "trouble");
    assert.match(complaint?.body ?? "", /did you mean \\"listener\\"/);

    const answer = await server.request("/reload", { method: "POST" });
    assert.equal(answer.status, 422);
    assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
    const { faults } = (await answer.json()) as { faults: string[] };
    assert.match(faults.join("\n"), /crosscheck\.yaml:\d+:\d+: error: .*did you mean "listener"/);

    assert.deepEqual(await server.read("/readyz"), before);
    const id = await server.post({ number: 1 }, "/tenant/pass-on");
    await world.receiver.hears("/listener-7", id);
    assert.equal(world.receiver.told("/ops", "refused-reload").length, 1, "at most once an hour");
  });

  test("what only a restart changes is said in the answer and in the log", async () => {
    const { server: section, ...rest } = config(8);
    await file.write({ ...rest, server: { ...section, listen: "127.0.0.1:9999", data: "elsewhere" } });
    const answer = await server.request("/reload", { method: "POST" });
    const { status, warnings } = (await answer.json()) as { status: string; warnings: string[] };
    assert.equal(status, "reloaded");
    assert.deepEqual(
      warnings.map(
        (text) => /server\.\w+ has changed, which a reload cannot do: restart the server/.exec(text)?.[0],
      ),
      ["listen", "data"].map(
        (key) => `server.${key} has changed, which a reload cannot do: restart the server`,
      ),
    );
    const logged = server.log
      .filter(({ event }) => event === "config-warning")
      .map((line) => line["warning"]);
    for (const text of warnings) assert.ok(logged.includes(text));
    await file.write(config(8));
    const again = await server.request("/reload", { method: "POST" });
    assert.deepEqual(((await again.json()) as { warnings: string[] }).warnings, []);
  });

  test("a route that a reload takes away while it checks ends its story as it began", async () => {
    world.site.set("/orphan", "silent");
    await server.post({ url: world.site.page("/orphan") }, "/tenant/page");
    await until("the run to begin", () => world.site.visits("/orphan").length > 0);
    await file.write({ ...config(9), routes: [{ name: "pass-on", actions: ["listener"] }] });
    assert.equal((await server.request("/reload", { method: "POST" })).status, 200);
    world.site.set("/orphan", "down");
    const [notice] = await world.receiver.hears("/oncall", world.site.page("/orphan"));
    assert.match(notice?.firstLine ?? "", /^DOWN/);
    world.site.set("/orphan", "up");
    const [, recovered] = await world.receiver.hears("/oncall", world.site.page("/orphan"), 2);
    assert.equal(recovered?.event, "recovered");
  });
});
