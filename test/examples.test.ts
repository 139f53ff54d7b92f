import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { checkConfig, loadConfig } from "../src/config/load.ts";
import { formatFault } from "../src/config/finding.ts";
import { dryRun } from "../src/steps/dry-run.ts";

const root = join(import.meta.dirname, "..");

/** Every variable that an example may ask for has some value; a routing key has a form. */
const variables = new Proxy<Record<string, string>>(
  {},
  {
    get: (_, name) =>
      String(name).includes("ROUTING_KEY") ? "a".repeat(32) : `https://x.example/${String(name)}`,
    has: () => true,
  },
);

/** What takes the alert that lies beside each example, and by which way in it comes. */
const expected = {
  alertmanager: { source: "alertmanager", takes: ["probe-failed"], subject: "https://shop.example" },
  annotate: { source: null, takes: ["api-pages"], subject: "api" },
  "confirm-page": { source: null, takes: ["confirm-page"], subject: "https://shop.example" },
  "one-machine": { source: null, takes: ["page"], subject: "https://example.com" },
  pagerduty: { source: "pagerduty", takes: ["known-services"], subject: "Storefront" },
  probes: { source: null, takes: ["shop"], subject: "shop" },
  walkthrough: {
    source: null,
    takes: ["actions-route"],
    subject: "sha256:d5e3b3746d142004978b99f3c2654c6a",
  },
};

test("each folder of examples is here", () => {
  const folders = globSync("examples/*/crosscheck.yaml", { cwd: root }).map((file) => dirname(file).slice(9));
  assert.deepEqual(folders.toSorted(), Object.keys(expected));
});

test("no example has a file that nobody reads", () => {
  const read = ["crosscheck.yaml", "alert.json", "services.yaml", "alertmanager.yml"];
  // deployment-examples.test.ts and operations.test.ts
  read.push("Containerfile", "crosscheck.service", "one-process.yaml", "replicas.yaml", "alerts.yml");
  const files = globSync("examples/*/*", { cwd: root }).map((file) => file.split("/").at(-1) ?? "");
  assert.deepEqual(
    files.filter((file) => !read.includes(file)),
    [],
  );
});

for (const [folder, { source, takes, subject }] of Object.entries(expected)) {
  const file = join(root, "examples", folder, "crosscheck.yaml");

  test(`examples/${folder} loads without a fault and routes its alert`, async () => {
    const { config } = await loadConfig(file, { secrets: "required", variables });
    const settings = source === null ? undefined : config.sources.get(source);
    assert.equal(settings === undefined, source === null);
    const [alert, ...more] = dryRun(
      config,
      {
        headers: new Headers(),
        contentType: "application/json",
        body: readFileSync(join(dirname(file), "alert.json")),
        cut: false,
        onlyRoute: null,
        unknownSource: null,
        receivedAt: 0,
      },
      settings,
    ).alerts;
    assert.deepEqual([more, alert?.fault, alert?.unrouted], [[], null, null]);
    const taken = alert?.routes.flatMap((route) => (route.taken ? [route] : [])) ?? [];
    assert.deepEqual(
      taken.map((match) => match.route),
      takes,
    );
    assert.deepEqual([taken[0]?.subject, taken[0]?.error, taken[0]?.warnings], [subject, null, []]);
  });

  test(`examples/${folder} names the schema for editors in its first line`, () => {
    const [first = ""] = readFileSync(file, "utf8").split("\n");
    assert.equal(first, "# yaml-language-server: $schema=../../src/config/schema.json");
  });
}

test("the Alertmanager of the example sends to the source of the example", () => {
  const text = readFileSync(join(root, "examples/alertmanager/alertmanager.yml"), "utf8");
  const { receivers } = parse(text) as { receivers: { webhook_configs: { url: string }[] }[] };
  const urls = receivers.flatMap(({ webhook_configs }) => webhook_configs.map(({ url }) => url));
  assert.deepEqual(urls, ["http://127.0.0.1:8082/alerts/alertmanager"]);
});

test("an example that is broken is found out", async () => {
  const { faults } = await checkConfig(join(root, "src/config/testdata/bad/empty.yaml"), {
    secrets: "optional",
  });
  assert.notEqual(faults.map((fault) => formatFault("empty.yaml", fault)).length, 0);
});
