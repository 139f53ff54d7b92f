import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../model/errors.ts";
import { formatFault } from "./finding.ts";
import { checkConfig, loadConfig } from "./load.ts";

const variables = { AGENT_TOKEN: "agent-token", EMPTY: "" };
const testdata = join(import.meta.dirname, "testdata");

/** What `config check` would print of a file, with the file's bare name. */
async function linesOf(folder: string, file: string): Promise<string> {
  const { faults } = await checkConfig(join(folder, file), { secrets: "required", variables });
  return faults.map((fault) => `${formatFault(file, fault)}\n`).join("");
}

for (const kind of ["bad", "good"]) {
  const folder = join(testdata, kind);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    test(`testdata/${kind}/${file}`, async () => {
      const lines = await linesOf(folder, file);
      const expected = readFileSync(join(folder, file.replace(/yaml$/, "txt")), "utf8");
      assert.equal(lines, expected);
      assert.equal(lines.includes(": error: "), kind === "bad");
    });
  }
}
