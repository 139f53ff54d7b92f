import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { runCommand } from "../fixtures/command.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";

const config = {
  checks: [
    { name: "shop", type: "http", url: "{{ input.url }}" },
    { name: "quick", type: "http", url: "{{ input.url }}", covers: ["latency"] },
    { name: "name", type: "http", url: "{{ input.url }}", covers: ["dns"] },
  ],
  locations: [
    { name: "eu", type: "agent", url: "http://127.0.0.1:1", token: "$NOT_SET" },
    { name: "na", type: "agent", url: "http://127.0.0.1:2", token: "$NOT_SET" },
  ],
  routes: [
    {
      name: "confirm",
      input: 'input.service == "shop"\ncontains(input.reachable, "false")',
      subject: "input.service",
      actions: ["say"],
      checks: ["shop"],
      notify: { confirmed: ["ring"], recovered: ["say"] },
    },
    {
      name: "claims",
      input: 'input.service == "claims"',
      claim: ["latency"],
      checks: ["quick", "name"],
      notify: { confirmed: ["ring"] },
    },
    { name: "rest", input: 'input.service == "rest"', actions: ["say"] },
  ],
  actions: [
    { name: "say", type: "stdout" },
    { name: "ring", type: "webhook", url: "$NOT_SET" },
  ],
  sources: [{ name: "monitoring", type: "generic", token: "$NOT_SET" }],
  unrouted: ["ring"],
};

suite("crosscheck route", { concurrency: 2 }, () => {
  const parts = new AsyncDisposableStack();
  let file: ConfigFile;

  before(async () => {
    file = parts.use(await configFile(config));
  });
  after(() => parts.disposeAsync());

  const routed = async (alert: unknown, ...more: readonly string[]) => {
    const path = join(file.folder, `alert-${Math.random()}.json`);
    await writeFile(path, typeof alert === "string" ? alert : JSON.stringify(alert));
    const { code, stdout, stderr } = await runCommand(["route", file.path, "--alert", path, ...more]);
    assert.deepEqual(stderr, []);
    return { code, said: stdout.join("\n") };
  };
  const alert = { service: "shop", reachable: "false", url: "https://shop.example/" };

  test("says what the alert says, and which check's pass proves anything of it", async () => {
    const { said } = await routed({ service: "claims", url: "https://shop.example/" });
    assert.match(said, /it says +latency$/m);
    assert.match(
      said,
      /check +quick .+\n +its pass can spare: the alert speaks of latency; .+ covers latency$/m,
    );
    assert.match(
      said,
      /check +name .+\n +its pass spares nobody: the alert speaks of latency; .+ covers dns$/m,
    );
  });

  test("says what follows from an alert, and who is told what", async () => {
    const { code, said } = await routed(alert);
    assert.equal(code, 0);
    assert.match(said, /✔ confirm takes it/);
    assert.match(said, /subject +shop$/m);
    assert.match(said, /check +shop \(https:\/\/shop\.example\/\) from eu, na$/m);
    assert.match(said, /it says +nothing that Crosscheck could read$/m);
    assert.match(said, /^ +its pass spares nobody: nobody says what its pass proves \(covers\)$/m);
    assert.match(said, /told at once +say$/m);
    assert.match(said, /told then +ring, if confirmed, regional, degraded, not-reproduced, inconclusive$/m);
    assert.match(said, /told then +say, if recovered$/m);
    assert.match(said, /^ +CHECKING shop: page received, checking from eu and na$/m);
    assert.match(
      said,
      /✖ rest does not take it: line 1 .*\n +input\.service == "rest"\n.*\n +input\.service is "shop"/,
    );
  });

  test("says which line does not hold and why, and who hears of it then: exit 1", async () => {
    const { code, said } = await routed({ ...alert, reachable: false });
    assert.equal(code, 1);
    assert.match(said, /✖ confirm does not take it: line 2 of its input does not hold/);
    assert.match(said, /it is undefined: contains: operand 1 must be string but got boolean/);
    assert.match(said, /input\.reachable is false/);
    assert.match(said, /No route takes it: ring \(unrouted\) would be told/);
  });

  test("a check that cannot be built from the alert is a warning", async () => {
    const { said } = await routed({ ...alert, url: undefined });
    assert.match(said, /warning +shop cannot be built: input\.url in its url is undefined for this alert/);
  });

  test("what is not JSON cannot be routed", async () => {
    const { code, said } = await routed("{");
    assert.equal(code, 1);
    assert.match(said, /It cannot be routed: its body is not JSON/);
  });

  test("a resolved alert starts nothing where alerts are checked, and is passed on elsewhere", async () => {
    const checked = await routed({ ...alert, status: "resolved" }, "--source", "monitoring");
    assert.equal(checked.code, 0);
    assert.match(checked.said, /The alert is resolved/);
    assert.match(checked.said, /✔ confirm takes it\n +subject +shop\n/);
    assert.match(
      checked.said,
      /warning +a resolved alert joins the open incident of its subject; it starts none/,
    );
    assert.doesNotMatch(checked.said, /told/);
    const passedOn = await routed({ service: "rest", status: "resolved" }, "--source", "monitoring");
    assert.match(passedOn.said, /✔ rest takes it[^✔]*told at once +say/);
  });

  test("as JSON", async () => {
    const { said } = await routed({ service: "rest" }, "--json");
    const { alerts } = JSON.parse(said) as { alerts: { routes: { route: string; taken: boolean }[] }[] };
    assert.deepEqual(
      alerts[0]?.routes.map(({ route, taken }) => [route, taken]),
      [
        ["confirm", false],
        ["claims", false],
        ["rest", true],
      ],
    );
  });

  test("a source and a route by name; one that is not there is a usage error that names those that are", async () => {
    assert.match((await routed(alert, "--source", "monitoring")).said, /✔ confirm/);
    const { code: unheard, said } = await routed(alert, "--route", "rest");
    assert.equal(unheard, 1);
    assert.match(said, /✖ rest does not take it/);
    assert.doesNotMatch(said, /confirm/, "it is not asked, so that nothing is said of its rule");
    const { code, stderr } = await runCommand(["route", file.path, "--alert", file.path, "--source", "x"]);
    assert.deepEqual([code, stderr], [2, ['crosscheck: there is no source "x": there are monitoring']]);
  });
});
