import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkConfig, loadConfig } from "../src/config/load.ts";
import { matchRoutes } from "../src/route/match.ts";
import type { Alert } from "../src/model/alert.ts";
import { formatFault } from "../src/config/finding.ts";

const root = join(import.meta.dirname, "..");

/** Every variable that an example may ask for has some value. */
const variables = new Proxy<Record<string, string>>(
  {},
  { get: (_, name) => `https://receiver.example/${String(name)}`, has: () => true },
);

/** The alert that an example says to send, and who takes it. */
const routed = {
  "examples/annotate/crosscheck.yaml": { body: '{"service": "api"}', takes: ["api-pages"], subject: "api" },
  "examples/confirm-page/crosscheck.yaml": {
    body: '{"ServiceURL": {"URL": "https://shop.example", "Reachable": "false"}}',
    takes: ["confirm-page"],
    subject: "https://shop.example",
  },
  "examples/one-machine/crosscheck.yaml": {
    body: '{"url": "https://example.com"}',
    takes: ["page"],
    subject: "https://example.com",
  },
};

test("each example has an alert here", () => {
  const files = globSync("examples/**/*.yaml", { cwd: root }).toSorted();
  assert.deepEqual(files, Object.keys(routed).toSorted());
});

for (const [file, { body, takes, subject }] of Object.entries(routed)) {
  test(`${file} loads without a fault and routes its alert`, async () => {
    const { config } = await loadConfig(join(root, file), { secrets: "required", variables });
    const matches = matchRoutes(alertOf(body), config.routes.values(), config.data);
    assert.deepEqual(
      matches.map((match) => match.route),
      takes,
    );
    assert.equal(matches[0]?.subject, subject);
    assert.equal(matches[0]?.error, null);
  });

  test(`${file} names the schema for editors in its first line`, () => {
    const [first = ""] = readFileSync(join(root, file), "utf8").split("\n");
    assert.equal(first, "# yaml-language-server: $schema=../../src/config/schema.json");
  });
}

test("an example that is broken is found out", async () => {
  const { faults } = await checkConfig(join(root, "src/config/testdata/bad/empty.yaml"), {
    secrets: "optional",
  });
  assert.notEqual(faults.map((fault) => formatFault("empty.yaml", fault)).length, 0);
});

function alertOf(body: string): Alert {
  return {
    id: "0192f5e0-0000-7000-8000-000000000000",
    receivedAt: 0,
    source: "webhook",
    onlyRoute: null,
    contentType: "application/json",
    body: new TextEncoder().encode(body),
    status: "firing",
    dedupKey: null,
    targetUrl: null,
    fault: null,
  };
}
