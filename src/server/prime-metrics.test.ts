import assert from "node:assert/strict";
import { test } from "node:test";
import { configFile } from "../../test/fixtures/config-file.ts";
import { loadConfig } from "../config/load.ts";
import { createMetrics } from "../metrics.ts";
import { primeMetrics } from "./prime-metrics.ts";

async function configWith(...names: readonly string[]) {
  const actions = names.map((name) => ({ name, type: "stdout" }));
  await using file = await configFile({ routes: [{ name: "all", actions: names }], actions });
  return (await loadConfig(file.path, { secrets: "required" })).config;
}

test("after a reload an action that is left alone still is, and one that is gone is not shown", async () => {
  const metrics = createMetrics();
  const before = await configWith("hung", "renamed");
  primeMetrics(metrics, before);
  for (const action of before.actions.keys()) metrics.actionOpen.set({ action }, 1);
  primeMetrics(metrics, await configWith("hung", "new"), before);
  const { values } = await metrics.actionOpen.get();
  assert.deepEqual(Object.fromEntries(values.map(({ labels, value }) => [labels.action, value])), {
    hung: 1,
    new: 0,
  });
});
