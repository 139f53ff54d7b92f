import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../model/errors.ts";
import { formatFault } from "./finding.ts";
import type { LoadOptions } from "./load.ts";
import { checkConfig, loadConfig } from "./load.ts";

const options: LoadOptions = {
  secrets: "required",
  variables: { AGENT_TOKEN: "agent-token", EMPTY: "" },
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
    ["agent-token", "literal"],
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
  });
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
  });
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
