import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { configFile } from "../../test/fixtures/config-file.ts";
import { ConfigError } from "../model/errors.ts";
import { secretsIn } from "../model/secret.ts";
import { readDocument } from "./document.ts";
import { formatFault } from "./finding.ts";
import type { LoadOptions } from "./load.ts";
import { checkConfig, loadConfig } from "./load.ts";

const options: LoadOptions = {
  secrets: "required",
  variables: {
    AGENT_TOKEN: "agent-token-of-the-tests",
    MONITOR_TOKEN: "monitor-token-of-the-tests",
    INGEST_TOKEN: "ingest-token-of-the-tests",
    PEOPLE_TOKEN: "api-token-of-the-tests",
    READ_TOKEN: "read-token-of-the-tests",
    EMPTY: "",
  },
  now: () => 1000,
};
const testdata = join(import.meta.dirname, "testdata");
const full = join(testdata, "good", "full.yaml");

// Written anew by `node --test --test-update-snapshots src/config/load.test.ts`; read them before you commit them.
for (const kind of ["bad", "good"]) {
  const folder = join(testdata, kind);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    test(`testdata/${kind}/${file}`, async (t) => {
      const { config, faults } = await checkConfig(join(folder, file), options);
      const lines = faults.map((fault) => `${formatFault(file, fault)}\n`).join("");
      t.assert.fileSnapshot(lines, join(folder, file.replace(/yaml$/, "txt")), { serializers: [String] });
      assert.equal(config === undefined, kind === "bad");
      assert.equal(
        faults.some(({ severity }) => severity === "error"),
        kind === "bad",
      );
    });
  }
}

for (const file of readdirSync(join(testdata, "lenient")).filter((name) => name.endsWith(".yaml"))) {
  test(`testdata/lenient/${file}: every fault is a warning`, async (t) => {
    const path = join(testdata, "lenient", file);
    const { config, faults } = await checkConfig(path, { ...options, lenient: true });
    assert.notEqual(config, undefined);
    const lines = faults.map((fault) => `${formatFault(file, fault)}\n`).join("");
    t.assert.fileSnapshot(lines, path.replace(/yaml$/, "txt"), { serializers: [String] });
  });
}

/** What has no map to begin with: there is nothing to leave out. */
const hopeless =
  /^(binary|not-utf8|empty|only-comments|list|single-value|alias-.*|deep-nesting|unknown-alias)\.yaml$/;

test("with lenient every bad file that is a map loads, and says as much as without", async () => {
  for (const file of readdirSync(join(testdata, "bad")).filter((name) => name.endsWith(".yaml"))) {
    const path = join(testdata, "bad", file);
    const strict = await checkConfig(path, options);
    const { config, faults } = await checkConfig(path, { ...options, lenient: true });
    const isYaml = !hopeless.test(file) && readDocument(readFileSync(path, "utf8")).data !== undefined;
    assert.equal(config !== undefined, isYaml, file);
    assert.equal(
      faults.some(({ severity }) => severity === "error"),
      !isYaml,
      file,
    );
    assert.ok(faults.length >= Math.min(strict.faults.length, 1), file);
  }
});

test("without enable: true an action is off with lenient, and its route keeps its name", async () => {
  const path = join(testdata, "good", "minimal.yaml");
  const { config, warnings } = await loadConfig(path, { ...options, lenient: true });
  assert.deepEqual([...config.actions.keys()], []);
  assert.deepEqual(config.routes.get("everything")?.actions, ["say"]);
  assert.match(warnings.join("\n"), /:4:3: warning: this action is switched off/);
});

test("lenient: a route whose rule cannot be used fails when it is asked; the others are as they were", async () => {
  const { config } = await loadConfig(join(testdata, "lenient", "rules.yaml"), { ...options, lenient: true });
  const ask = (route: string) => config.routes.get(route)?.input?.matches({ severity: 5 }, {});
  assert.throws(() => ask("broken"), /its input cannot be used: Rego in input: it ends too early/);
  assert.throws(() => ask("no-file"), /its input-files cannot be used: none\.rego: there is no such file/);
  assert.equal(ask("good"), true);
  assert.equal(config.routes.get("no-subject")?.subject, null);
});

test("lenient: what is missing keeps its place, so that nothing is spared for want of it", async () => {
  const { config } = await loadConfig(join(testdata, "lenient", "missing.yaml"), {
    ...options,
    lenient: true,
  });
  const route = config.routes.get("page");
  assert.deepEqual(route?.checks, ["shop", "shpo", "broken"]);
  assert.deepEqual(route.locations, ["eu", "ue"]);
  assert.deepEqual(route.actions, ["say", "sya", "jira"]);
  assert.deepEqual(route.notify, { confirmed: ["sya"] });
  assert.deepEqual([...config.checks.keys()], ["shop"]);
  assert.deepEqual([...config.actions.keys()], ["say"]);
});

test("lenient: a template that cannot be used leaves the action its own message", async () => {
  const path = join(testdata, "lenient", "template.yaml");
  const { config } = await loadConfig(path, { ...options, lenient: true });
  const templates = [...config.routes.values()].map(({ template }) => template);
  assert.deepEqual(templates, [null, "raw-json"]);
});

test("lenient: an unset variable is an empty text for an action, and lets nobody in", async () => {
  const path = join(testdata, "lenient", "secrets.yaml");
  await assert.rejects(loadConfig(path, options), ConfigError);
  const { config } = await loadConfig(path, { ...options, lenient: true });
  const [url] = secretsIn(config.actions.get("say"));
  assert.equal(config.secretSource(url?.secret.reference ?? "none"), "");
  assert.deepEqual([...config.locations.keys()], ["eu"]);
  assert.throws(() => config.secretSource(config.server.apiTokens[0]?.reference ?? ""), /NOT_SET is not set/);
});

test("a vote is a place, asked once however often it is listed, and its domain is its region", async () => {
  const { config } = await loadConfig(join(testdata, "good", "votes.yaml"), options);
  const route = config.routes.get("a");
  assert.deepEqual([route?.actions, route?.votes], [["say"], ["eu-check", "own-check"]]);
  const domains = [...config.functions.values()].map(({ domain }) => domain);
  assert.deepEqual(domains, ["aws:eu-west-1", "own-check"]);
});

test("scripts run only where whoever starts the server lets them", async () => {
  const path = join(testdata, "good", "exec.yaml");
  const why = "exec runs scripts on this machine: start with --allow-exec, or leave this action out";
  await assert.rejects(
    loadConfig(path, { ...options, allowExec: false }),
    new ConfigError([`${path}:5:21: error: ${why}`]),
  );
  const allowed = await loadConfig(path, { ...options, allowExec: true });
  assert.deepEqual([[...allowed.config.actions.keys()], allowed.warnings], [["run", "say"], []]);
  const lenient = await loadConfig(path, { ...options, allowExec: false, lenient: true });
  assert.deepEqual([...lenient.config.actions.keys()], ["say"]);
  assert.deepEqual(lenient.config.routes.get("a")?.actions, ["run"]);
});

test("Postee's keys in the configuration", async () => {
  const { config } = await loadConfig(join(testdata, "good", "postee.yaml"), options);
  const [gathered, plain] = [config.routes.get("severe or ours"), config.routes.get("7")];
  assert.equal(config.aquaServer, "https://aqua.example/#/images/");
  assert.deepEqual([gathered?.serializeActions, plain?.serializeActions], [true, false]);
  assert.deepEqual(gathered?.plugins, {
    aggregate: { count: 10, timeoutMs: 3_600_000 },
    unique: { props: ["digest", "image"], timeoutMs: 300_000 },
  });
  assert.deepEqual([gathered.template, plain?.template], ["raw-json", null]);
  assert.deepEqual([...config.templates.keys()], ["raw-json"]);
  assert.deepEqual(plain?.plugins, { aggregate: null, unique: null });
  assert.equal(plain.input?.matches({}, {}), true);
  const takes = (input: unknown) => gathered.input?.matches(input, {});
  assert.deepEqual([{ severity: 4 }, { team: "blue" }, { severity: 3, never: true }].map(takes), [
    true,
    true,
    false,
  ]);
});

test("input-files are found where REGO_FILTERS_PATH says, and are part of the hash", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-filters-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  cpSync(join(testdata, "good", "postee.yaml"), join(folder, "c.yaml"));
  cpSync(join(testdata, "good", "rego-filters"), join(folder, "filters", "rego-filters"), {
    recursive: true,
  });
  cpSync(join(testdata, "good", "rego-filters"), join(folder, "filters"), { recursive: true });
  const load = () =>
    loadConfig(join(folder, "c.yaml"), { ...options, variables: { REGO_FILTERS_PATH: "filters" } });
  const before = await load();
  writeFileSync(join(folder, "filters", "severe.rego"), "package postee\nallow { input.severity > 9 }\n");
  const after = await load();
  assert.notEqual(after.config.hash, before.config.hash);
  const takes = [before, after].map(({ config }) =>
    config.routes.get("severe or ours")?.input?.matches({ severity: 5 }, {}),
  );
  assert.deepEqual(takes, [true, false]);
});

const faultOf = async (path: string) => (await checkConfig(path, options)).faults;

test("a file that is not there, a folder", async () => {
  assert.deepEqual(await faultOf(join(testdata, "none.yaml")), [
    { line: 1, col: 1, severity: "error", message: "there is no such file" },
  ]);
  assert.deepEqual(await faultOf(testdata), [
    { line: 1, col: 1, severity: "error", message: "this is a folder, not a file" },
  ]);
});

test("loadConfig throws every error at once, without the warnings", async () => {
  const path = join(testdata, "bad", "walkthrough-typo.yaml");
  await assert.rejects(
    loadConfig(path, options),
    new ConfigError([
      `${path}:4:13: error: there is no action "send-slack-message": did you mean "send-slack-messsage"?`,
    ]),
  );
});

test("loadConfig gives the warnings beside the configuration", async () => {
  const path = join(testdata, "good", "no-routes.yaml");
  const { config, warnings } = await loadConfig(path, options);
  assert.equal(config.path, path);
  assert.deepEqual(warnings, [
    `${path}:1:1: warning: unrouted is not set: alerts that no route takes are told to nobody`,
  ]);
});

test("a secret that cannot be read is a warning where that is enough", async () => {
  const path = join(testdata, "bad", "secrets.yaml");
  const { config, faults } = await checkConfig(path, { ...options, secrets: "optional" });
  assert.notEqual(config, undefined);
  assert.deepEqual([...new Set(faults.map(({ severity }) => severity))], ["warning"]);
});

test("every key of the file is in the configuration", async () => {
  const { config } = await loadConfig(full, options);
  const { checks, routes, hash, secretSource, ...rest } = config;
  const route = routes.get("confirm-page");
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(rest.loadedAt, 1000);
  assert.deepEqual([...rest.locations.keys()], ["eu", "us"]);
  assert.deepEqual([...routes.keys()], ["confirm-page", "silent"]);
  assert.deepEqual(rest.actions.get("tell")?.fallback, ["say"]);
  assert.deepEqual([rest.unrouted, rest.trouble], [["tell"], ["say"]]);
  assert.deepEqual(rest.data, { services: { shop: { host: "shop.example" } }, teams: { shop: "blue" } });
  assert.equal(rest.sources.get("monitor")?.type, "generic");
  assert.deepEqual(rest.server.listen, { host: "::1", port: 9000 });
  assert.equal(rest.server.maxBodyBytes, 512 * 1024);
  assert.equal(rest.server.publicUrl, "https://crosscheck.example");
  assert.equal(rest.server.data, "/var/lib/crosscheck");
  assert.deepEqual(rest.server.allowPrivateTargets, ["10.0.0.0/8", "fd00::/8"]);
  assert.deepEqual(
    rest.server.ingestTokens.map(({ reference }) => secretSource(reference)),
    ["ingest-token-of-the-tests", "a-literal-ingest-token"],
  );
  assert.deepEqual(checks.get("storefront")?.written["retry"], { attempts: 1, backoff: "250ms" });
  assert.equal(route?.runbook, "https://wiki.example/storefront");
  assert.deepEqual(route.locations, ["us", "eu"]);
  assert.deepEqual(route.notify["not-reproduced"], ["say"]);
  assert.deepEqual(route.policy, {
    confirm: "all",
    sampling: { count: 2, intervalMs: 2000 },
    deadlineMs: 15_000,
    secondLookMs: 10_000,
    secondLookDeadlineMs: 9000,
    holdMs: 45_000,
    recheckMs: [120_000],
    openRecheckMs: [20_000, 40_000],
    recovery: { runs: 2, overMs: 90_000 },
    reopenWithinMs: 600_000,
    flapping: { reopenings: 4, withinMs: 7_200_000, cleanMs: 1_200_000 },
    insist: { spares: 2, withinMs: 1_800_000, unresolvedMs: 300_000 },
  });
  assert.deepEqual(route.claim, ["reachability", "content"]);
  const { covers, selfTest } = checks.get("storefront") ?? {};
  assert.deepEqual([covers, selfTest], [["reachability", "content", "latency"], false]);
  assert.deepEqual(rest.controls, [
    "https://one.example/",
    "http://two.example.net/",
    "http://three.example.org/",
  ]);
  assert.deepEqual([rest.resolvers, rest.selfTestMs], [["9.9.9.9", "1.1.1.1"], 1_800_000]);
  assert.deepEqual(rest.storm, { incidents: 20, withinMs: 30_000, updateMs: 120_000 });
  assert.deepEqual(rest.digest, { actions: ["say"], atMs: 27_000_000 });
  assert.deepEqual([rest.server.runsAtOnce, rest.server.shareProbesMs], [20, 5000]);
  const [deploy] = rest.mutes;
  assert.deepEqual(
    [deploy?.route, deploy?.subject, deploy?.from, deploy?.until, deploy?.reason],
    ["silent", null, Date.UTC(2099, 11, 1, 2), Date.UTC(2099, 11, 1, 4), "deploy"],
  );
});

test("defaults are those of docs/verdicts.md", async () => {
  const { config } = await loadConfig(join(testdata, "good", "minimal.yaml"), options);
  const route = config.routes.get("everything");
  assert.deepEqual(config.locations.get("local"), { name: "local", type: "local" });
  assert.deepEqual([route?.input, route?.subject, route?.mode, route?.spare], [null, null, "gate", false]);
  assert.deepEqual(route?.locations, ["local"]);
  assert.deepEqual(config.server.listen, { host: "127.0.0.1", port: 8082 });
  assert.equal(config.server.maxBodyBytes, 1024 * 1024);
  assert.deepEqual(route.policy, {
    confirm: 2,
    sampling: { count: 3, intervalMs: 1000 },
    deadlineMs: 20_000,
    secondLookMs: 20_000,
    secondLookDeadlineMs: 12_000,
    holdMs: 60_000,
    recheckMs: [60_000, 180_000, 600_000],
    openRecheckMs: [30_000, 60_000, 120_000, 300_000],
    recovery: { runs: 3, overMs: 180_000 },
    reopenWithinMs: 900_000,
    flapping: { reopenings: 3, withinMs: 3_600_000, cleanMs: 1_800_000 },
    insist: { spares: 3, withinMs: 3_600_000, unresolvedMs: 900_000 },
  });
  assert.equal(config.controls.length, 3);
  assert.deepEqual([config.resolvers, config.selfTestMs], [["1.1.1.1", "8.8.8.8"], 3_600_000]);
  assert.deepEqual(config.storm, { incidents: 10, withinMs: 60_000, updateMs: 300_000 });
  assert.deepEqual([config.digest, config.mutes, route.claim], [null, [], null]);
  assert.deepEqual([config.server.runsAtOnce, config.server.shareProbesMs], [50, 10_000]);
});

test("Rego is compiled: input, subject, and the templates of checks with their places", async () => {
  const { config } = await loadConfig(full, options);
  const alert = { ServiceURL: { Reachable: "false", URL: "https://shop.example" }, service: "shop", text: 7 };
  const data = { ...config.data, alert: { source: "monitor" } };
  const route = config.routes.get("confirm-page");
  assert.equal(route?.input?.matches(alert, data), true);
  assert.equal(route.input.matches(alert, { ...data, alert: { source: "test" } }), false);
  assert.equal(route.subject?.value(alert, data), "https://shop.example");
  const templates = config.checks.get("storefront")?.templates ?? [];
  assert.deepEqual(
    templates.map(({ path, template }) => [path, template.render(alert, data)]),
    [
      [["url"], { text: "https://shop.example/health" }],
      [["assertions", 1, "target"], { text: "7" }],
    ],
  );
});

test("actions that are switched off are gone, from their routes too", async () => {
  const { config } = await loadConfig(join(testdata, "good", "warnings.yaml"), options);
  assert.deepEqual([...config.actions.keys()], ["say"]);
  assert.deepEqual(config.routes.get("shop")?.actions, ["say"]);
});

test("the hash covers the data files", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  cpSync(join(testdata, "good"), folder, { recursive: true });
  const load = () => loadConfig(join(folder, "full.yaml"), options);
  const before = await load();
  writeFileSync(join(folder, "data", "teams.json"), '{"teams": {"shop": "red"}}\n');
  const after = await load();
  assert.notEqual(after.config.hash, before.config.hash);
  assert.deepEqual(after.config.data["teams"], { shop: "red" });
});

test("a secret that stands in the file as it is is not in what plans store, and is there when it is asked for", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-secret-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "c.yaml");
  writeFileSync(
    file,
    [
      "checks:",
      "- {name: api, type: http, url: https://api.example, headers: {Authorization: Bearer canary, X-Key: $KEY}}",
      "routes:",
      "- {name: page, checks: [api], actions: [out]}",
      "actions:",
      "- {name: out, type: stdout}",
    ].join("\n"),
  );
  const { config } = await loadConfig(file, { secrets: "required", variables: { KEY: "other" } });
  const headers = config.checks.get("api")?.written["headers"] as Record<string, string>;
  assert(!JSON.stringify(headers).includes("canary"));
  assert.equal(config.secretSource(headers["Authorization"] ?? ""), "Bearer canary");
  assert.equal(headers["X-Key"], "$KEY");
});

test("a plan of before a reload means the same secret after it: literal ones go by their place", async () => {
  await using file = await configFile({});
  const written = async (checks: object[]) => {
    await file.write({ checks });
    const { config } = await loadConfig(file.path, options);
    const headers = config.checks.get("site")?.written["headers"] as Record<string, string>;
    return { config, reference: headers["x-key"] ?? "" };
  };
  const before = await written([check("site", { "x-key": "opens the site" })]);
  const other = check("another", { "x-key": "opens another" });
  const after = await written([other, check("site", { "a-key": "new", "x-key": "opens the site" })]);
  assert.equal(after.config.secretSource(before.reference), "opens the site");
  assert.doesNotMatch(before.reference, /opens/);
});

function check(name: string, headers: object): object {
  return { name, type: "http", url: "https://x.example", headers };
}
