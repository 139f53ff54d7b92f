import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { embedMessages, pagesWithMessages } from "../scripts/embed-messages.ts";
import { locationTypes } from "../src/check/locations/index.ts";
import { probeTypes } from "../src/check/probes/index.ts";
import { checkConfig } from "../src/config/load.ts";
import { formatFault } from "../src/config/finding.ts";
import { sourceTypes } from "../src/ingest/sources/index.ts";
import { verdictReason } from "../src/model/verdict.ts";
import { actionTypes } from "../src/notify/actions/index.ts";

const root = join(import.meta.dirname, "..");

const kinds = {
  actions: actionTypes,
  locations: locationTypes,
  probes: probeTypes,
  sources: sourceTypes,
};

for (const [folder, types] of Object.entries(kinds)) {
  for (const { name } of types) {
    test(`docs/${folder}/${name}.md exists, and its YAML is right`, async () => {
      const text = readFileSync(join(root, "docs", folder, `${name}.md`), "utf8");
      const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = ""]) => yaml);
      assert.notEqual(blocks.length, 0, "a page has an example");
      for (const yaml of blocks) assert.deepEqual(await faultsOf(yaml), [], yaml);
    });
  }
}

/** Blocks are parts of a file: what they refer to and do not show is put beside them. */
async function faultsOf(yaml: string): Promise<string[]> {
  const rest = [
    ["routes:", "routes:\n- {name: page, actions: [told]}\n"],
    ["actions:", "actions:\n- {name: told, type: stdout}\n"],
  ] as const;
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-docs-"));
  try {
    const missing = rest.filter(([key]) => !yaml.split("\n").some((line) => line.startsWith(key)));
    const named = /name: ([\w-]+)/.exec(yaml)?.[1] ?? "told";
    const filler = missing.map(([, text]) =>
      yaml.includes("actions:") ? text.replace("told", named) : text,
    );
    const file = join(folder, "docs.yaml");
    writeFileSync(file, [yaml, ...filler].join("\n"));
    const { faults } = await checkConfig(file, { secrets: "optional" });
    return faults.filter(({ severity }) => severity === "error").map((fault) => formatFault("docs", fault));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("every reason of a verdict is explained", () => {
  const text = readFileSync(join(root, "docs/verdicts.md"), "utf8");
  for (const reason of verdictReason.options) assert(text.includes(`\`${reason}\``), reason);
});

test("the messages that pages show are those that are rendered", () => {
  for (const page of pagesWithMessages) {
    const text = readFileSync(join(root, page), "utf8");
    assert.equal(text, embedMessages(text), `${page} is out of date: npm run generate`);
    assert.match(text, /<!-- from src\/notify\/testdata/);
  }
});

test("links between our own pages lead somewhere", () => {
  for (const file of ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: root })]) {
    const text = readFileSync(join(root, file), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
      assert(existsSync(join(root, dirname(file), target)), `${file} links to ${target}`);
    }
  }
});

test("zod is imported as a namespace, so that bundles shed what they do not use", () => {
  for (const file of globSync("src/**/*.ts", { cwd: root })) {
    const text = readFileSync(join(root, file), "utf8");
    assert(!/import (?:type )?\{[^}]*\} from "zod"/.test(text), file);
  }
});
