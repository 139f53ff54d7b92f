import assert from "node:assert/strict";
import { test } from "node:test";
import { posteeVariables } from "./postee-variables.ts";

test("the newer of two names wins, and an empty variable is none", () => {
  const read = posteeVariables({
    POSTEE_CFG: "",
    AQUAALERT_CFG: "/config/cfg.yaml",
    POSTEE_HTTP: "127.0.0.1:8082",
    AQUAALERT_URL: "127.0.0.1:1",
  });
  assert.deepEqual(read, {
    config: "/config/cfg.yaml",
    listen: { variable: "POSTEE_HTTP", text: "127.0.0.1:8082" },
    warnings: [],
  });
});

test("a port alone is every address of the machine", () => {
  assert.equal(posteeVariables({ AQUAALERT_URL: ":8082" }).listen?.text, "0.0.0.0:8082");
});

test("what has no effect is said", () => {
  const { warnings } = posteeVariables({ POSTEE_HTTPS: "0.0.0.0:8445", PATH_TO_DB: "/server/database/w.db" });
  assert.deepEqual(warnings, [
    "POSTEE_HTTPS has no effect: Crosscheck speaks plain HTTP: put a proxy with TLS in front of it",
    "PATH_TO_DB has no effect: name the database with --data or --database",
  ]);
});
