import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { checkConfig } from "../../src/config/load.ts";
import { formatFault } from "../../src/config/finding.ts";
import { runCommand, startCommand } from "../fixtures/command.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase, freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const examples = join(import.meta.dirname, "..", "postee-examples");

suite("Postee's files", () => {
  for (const file of readdirSync(examples).filter((name) => name.endsWith(".yaml"))) {
    // Written anew by `node --test --test-update-snapshots test/acceptance/postee.test.ts`.
    test(`${file} loads, or its fault is named; with --lenient it loads`, async (t) => {
      const path = join(examples, file);
      const asked = { secrets: "optional", variables: {} } as const;
      const strict = await checkConfig(path, asked);
      const lines = strict.faults.map((fault) => `${formatFault(file, fault)}\n`).join("");
      t.assert.fileSnapshot(lines, path.replace(/yaml$/, "txt"), { serializers: [String] });
      assert.equal(
        strict.config === undefined,
        strict.faults.some(({ severity }) => severity === "error"),
      );
      const lenient = await checkConfig(path, { ...asked, lenient: true });
      assert.notEqual(lenient.config, undefined);
      assert.deepEqual(
        [...(lenient.config?.routes.keys() ?? [])],
        [...((strict.config ?? lenient.config)?.routes.keys() ?? [])],
      );
    });
  }

  test("the file in docs/postee.md is right", async () => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "postee.md"), "utf8");
    const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(text) ?? [];
    await using file = await configFile(yaml);
    const { config, faults } = await checkConfig(file.path, {
      secrets: "required",
      variables: { CHAT_URL: "https://chat.example" },
    });
    assert.deepEqual([...(config?.routes.keys() ?? [])], ["severe"]);
    assert.deepEqual(faults, []);
  });

  test("the walkthrough's file as printed: line, column and the near name", async () => {
    const file = "walkthrough-as-printed.yaml";
    const strict = await runCommand(["config", "check", file], { cwd: examples });
    assert.deepEqual(strict.stdout, [
      `${file}:1:1: warning: unrouted is not set: alerts that no route takes are told to nobody`,
      `${file}:4:13: error: there is no action "send-slack-message": did you mean "send-slack-messsage"?`,
      `${file}: 1 error, 1 warning`,
    ]);
    assert.deepEqual([strict.code, strict.stderr], [1, []]);
    const lenient = await runCommand(["config", "check", "--lenient", file], { cwd: examples });
    assert.deepEqual(
      [lenient.code, lenient.stdout[1]],
      [
        0,
        `${file}:4:13: warning: there is no action "send-slack-message": did you mean "send-slack-messsage"?`,
      ],
    );
  });
});

suite("what crashed Postee", () => {
  eachDatabase("crash inputs", (fresh) => {
    const parts = new AsyncDisposableStack();
    let world: World;
    let file: ConfigFile;
    let server: Crosscheck;

    const config = () => ({
      ...configIn(world, {
        routes: [
          pageRoute,
          { name: "owners", input: 'input.application_scope_owners[_] == "me"', actions: ["team"] },
        ],
      }),
      server: { "api-tokens": ["opens-the-api"], "allow-private-targets": ["127.0.0.0/8"] },
    });
    before(async () => {
      world = parts.use(await startWorld(["eu", "na"]));
      file = parts.use(await configFile(config()));
      const database = parts.use(await fresh());
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    });
    after(() => parts.disposeAsync());

    const postRaw = async (body: string, path: string) => {
      const response = await server.request(path, { method: "POST", body });
      assert.equal(response.status, 202, `${path} ${body}`);
      return ((await response.json()) as { id: string }).id;
    };

    const bodies = [
      "null",
      '{"application_scope_owners": null}',
      '{"application_scope_owners": "me"}',
      '{"application_scope_owners": [1, null, {"a": []}]}',
      '{"application_scope_owners": {"0": 7}}',
      '[{"application_scope_owners": null}]',
      '"text"',
      "0",
      "`backticks`",
      "",
      "{",
    ];
    for (const [number, path] of ["/", "/scan", "/scan/"].entries()) {
      test(`POST ${path}: each is kept, told to unrouted, and the next one is taken`, async () => {
        const ids: string[] = [];
        for (const body of bodies) ids.push(await postRaw(body, path));
        for (const id of ids) await world.receiver.hears("/ops", id);
        assert.equal((await server.request("/ping")).status, 200);
        const url = world.site.page(`/alive-${number}`);
        await postRaw(JSON.stringify({ url }), path);
        await world.receiver.hears("/team", url);
      });
    }

    test("to a route by name", async () => {
      for (const body of bodies) await postRaw(body, "/tenant/owners");
      await postRaw('{"application_scope_owners": ["yvonne", "me"]}', "/tenant/owners");
      await world.receiver.hears("/team", "yvonne");
    });

    test("/events is JSON whatever came in, and wants a token", async () => {
      const big = '{"number": 12345678901234567890}';
      await postRaw(big, "/");
      await postRaw("no JSON at all", "/scan");
      const refused = await server.request("/events");
      assert.equal(refused.status, 401);
      const response = await server.request("/events?token=opens-the-api");
      assert.equal(response.headers.get("content-type"), "application/json");
      const text = await response.text();
      assert.ok(text.includes(big), "every digit is there");
      const events = JSON.parse(text) as unknown[];
      assert.deepEqual(events.at(-1), "no JSON at all");
    });

    test("/reload with a bad key, with a good one, and with a file that is broken", async () => {
      const reload = (query: string) => server.request(`/reload${query}`);
      assert.equal((await reload("")).status, 401);
      assert.equal((await reload("?key=")).status, 401);
      assert.equal((await reload("?key=guess")).status, 401);
      assert.equal((await reload("?key=opens-the-api")).status, 200);
      await file.write("routes: [");
      assert.equal((await reload("?key=opens-the-api")).status, 422);
      const url = world.site.page("/after-bad-reload");
      await postRaw(JSON.stringify({ url }), "/");
      await world.receiver.hears("/team", url);
      await file.write(config());
      assert.equal((await reload("?token=opens-the-api")).status, 200);
      assert.equal((await server.request("/reload?key=opens-the-api", { method: "POST" })).status, 200);
    });

    test("wrong methods", async () => {
      assert.equal((await server.request("/scan")).status, 405);
      assert.equal((await server.request("/nowhere", { method: "POST" })).status, 404);
    });
  });

  test("without api-tokens a page in a browser cannot reload by GET", async () => {
    await using world = await startWorld(["eu"]);
    await using file = await configFile(configIn(world));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    assert.equal((await server.request("/reload?key=")).status, 403);
    assert.equal((await server.request("/reload", { method: "POST" })).status, 200);
    assert.deepEqual(await server.read("/events"), []);
  });
});

suite("--lenient: every route does what it still can", () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let file: ConfigFile;
  let server: Crosscheck;

  const lenient = () => {
    const base = configIn(world);
    return {
      ...base,
      colour: "red",
      checks: [pageCheck, { ...pageCheck, name: "unusable", timeout: "soon" }],
      routes: [
        pageRoute,
        { name: "misspelt", input: 'input.kind == "misspelt"', actions: ["taem", "team"] },
        { name: "broken", input: "input.kind ==", actions: ["team"] },
        {
          ...pageRoute,
          name: "half",
          input: "input.half",
          subject: "input.half",
          checks: ["page", "unusable"],
        },
        { name: "no-files", "input-files": ["none.rego"], actions: ["team"] },
      ],
      actions: base.actions.map((action) => ({ ...action, enable: true })),
    };
  };
  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    file = parts.use(await configFile(lenient()));
    const database = parts.use(await freshSqlite());
    const options = { config: file.path, database: database.location, args: ["--lenient"] };
    server = parts.use(await startCrosscheck(options));
  });
  after(() => parts.disposeAsync());

  test("an action that does not exist: the others are told, unrouted instead of it, with the near name", async () => {
    await server.post({ kind: "misspelt" }, "/tenant/misspelt");
    const [told] = await world.receiver.hears("/team", "route misspelt");
    assert.equal(told?.event, undefined);
    const [instead] = await world.receiver.hears("/ops", "standing in for taem");
    assert.ok(instead?.body.includes("action-not-configured"));
    assert.match(instead?.body ?? "", /did you mean \\"team\\"/);
    const { deliveries } = await server.read<{ deliveries: { action: string; state: string }[] }>(
      "/api/v1/deliveries?state=dead",
    );
    assert.deepEqual(
      deliveries.map(({ action }) => action),
      ["taem"],
    );
  });

  test("a rule that cannot be read takes every alert, which is told as inconclusive", async () => {
    await server.post({ kind: "anything" }, "/tenant/broken");
    const [notice] = await world.receiver.hears("/team", "its input cannot be used");
    assert.match(notice?.firstLine ?? "", /COULD NOT CHECK, treat as real/);
    await server.post({ kind: "anything" }, "/tenant/no-files");
    await world.receiver.hears("/team", "its input-files cannot be used");
  });

  test("a check that cannot be used: what the others see spares nobody", async () => {
    await server.post({ url: world.site.page("/half"), half: "half of it" }, "/tenant/half");
    const [notice] = await world.receiver.hears("/oncall", "half of it");
    assert.match(notice?.firstLine ?? "", /COULD NOT CHECK, treat as real/);
    assert.match(notice?.body ?? "", /unusable cannot be built/);
  });

  test("a reload is as lenient; what is no YAML is refused", async () => {
    await file.write({ ...lenient(), colour: "blue" });
    assert.equal((await server.request("/reload", { method: "POST" })).status, 200);
    await until("the warnings to be logged", () =>
      server.log.some(({ warning }) => String(warning).includes('unknown key "colour"')),
    );
    await file.write("routes: [");
    assert.equal((await server.request("/reload", { method: "POST" })).status, 422);
  });
});

test("the warnings are printed at the start, and Postee's variables are read", async () => {
  await using file = await configFile("colour: red\nactions:\n- {name: say, type: stdout, enable: true}\n");
  await using database = await freshSqlite();
  const data = "data" in database.location ? database.location.data : "";
  const env = { POSTEE_CFG: file.path, POSTEE_HTTP: "127.0.0.1:0", POSTEE_HTTPS: "0.0.0.0:8445" };
  await using command = startCommand(["serve", "--lenient", "--data", data], { env });
  await until("it to listen", () => command.stdout.some((line) => line.startsWith("crosscheck listens on ")));
  const printed = command.stderr.filter((line) => !line.startsWith("{"));
  assert.deepEqual(printed, [
    "POSTEE_HTTPS has no effect: Crosscheck speaks plain HTTP: put a proxy with TLS in front of it",
    `${file.path}:1:1: warning: unknown key "colour": the keys here are ${printed[1]?.split("the keys here are ")[1]}`,
    `${file.path}:1:1: warning: unrouted is not set: alerts that no route takes are told to nobody`,
  ]);
  const wrong = await runCommand(["serve", "--data", data], { env: { ...env, POSTEE_HTTP: "8082" } });
  assert.deepEqual(wrong, {
    code: 2,
    stdout: [],
    stderr: ['crosscheck: POSTEE_HTTP: "8082" is not HOST:PORT, such as 127.0.0.1:8082'],
  });
});
