import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { configCheck } from "./config-check.ts";

const testdata = join(import.meta.dirname, "..", "config", "testdata");
const bad = join(testdata, "bad", "walkthrough-typo.yaml");

async function run(...args: string[]) {
  const written = { stdout: "", stderr: "" };
  const code = await configCheck(args, {
    stdout: (text) => (written.stdout += text),
    stderr: (text) => (written.stderr += text),
  });
  return { code, ...written };
}

test("a clean file: what is in it, after its warnings", async () => {
  const { code, stdout } = await run(join(testdata, "good", "minimal.yaml"));
  assert.equal(code, 0);
  assert.match(stdout, /minimal\.yaml: ok: 1 route, 0 checks, 1 location, 1 action\n$/);
  const warned = await run(join(testdata, "good", "no-routes.yaml"));
  assert.equal(warned.code, 0);
  assert.match(warned.stdout, /^\S+no-routes\.yaml:1:1: warning: .*\n\S+: ok: 0 routes, .*\n$/);
});

test("faults", async () => {
  const { code, stdout, stderr } = await run(bad);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /walkthrough-typo\.yaml:4:13: error: there is no action .*\n.*: 1 error, 1 warning\n$/,
  );
  assert.equal(stderr, "");
});

test("--json", async () => {
  const { code, stdout } = await run("--json", bad);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout), {
    file: bad,
    faults: [
      {
        line: 1,
        col: 1,
        severity: "warning",
        message: "unrouted is not set: alerts that no route takes are told to nobody",
      },
      {
        line: 4,
        col: 13,
        severity: "error",
        message: 'there is no action "send-slack-message": did you mean "send-slack-messsage"?',
      },
    ],
  });
});

for (const args of [[], ["a.yaml", "b.yaml"], ["--yaml", "a.yaml"]]) {
  test(`usage: ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^usage: crosscheck config check FILE/);
  });
}
