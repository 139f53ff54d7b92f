import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { runCommand } from "../../test/fixtures/command.ts";
import { configFile } from "../../test/fixtures/config-file.ts";
import { startFaultServer } from "../../test/fixtures/fault-server.ts";
import type { Observation } from "../model/observation.ts";

suite("crosscheck check --check", () => {
  const cases = [
    { allowed: [], code: 3, errorClass: "location.blocked-target" },
    { allowed: ["127.0.0.0/8"], code: 0, errorClass: null },
  ];
  for (const { allowed, code, errorClass } of cases) {
    test(`a redirect inside, with allow-private-targets ${JSON.stringify(allowed)}: exit ${code}`, async () => {
      await using inside = await startFaultServer({ host: "127.0.0.2" });
      await using server = await startFaultServer();
      const url = `${server.url}/redirect?to=${inside.url}/`;
      await using file = await configFile({
        checks: [{ name: "storefront", type: "http", url }],
        routes: [{ name: "page", actions: ["say"], checks: ["storefront"] }],
        actions: [{ name: "say", type: "stdout" }],
        unrouted: ["say"],
        trouble: ["say"],
        server: { "allow-private-targets": allowed },
      });
      const args = ["check", "--config", file.path, "--check", "storefront", "--json"];
      const { stdout, stderr, ...ended } = await runCommand(args);
      assert.equal(ended.code, code, stderr.join("\n"));
      const { observations } = JSON.parse(stdout.join("\n")) as { observations: Observation[] };
      assert.deepEqual(
        observations.map((seen) => seen.errorClass),
        [errorClass],
      );
    });
  }
});
