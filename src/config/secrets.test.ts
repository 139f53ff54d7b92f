import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../model/secret.ts";
import { checkSecrets, secretSource } from "./secrets.ts";

const files: Record<string, string> = {
  "/etc/crosscheck/token": "from-file\n",
  "/run/secrets/windows": "from-windows\r\n",
  "/etc/crosscheck/two-lines": "one\ntwo\n",
  "/etc/crosscheck/empty": "\n",
};
const read = secretSource("/etc/crosscheck", {
  variable: (name) => ({ TOKEN: "from-environment", EMPTY: "" })[name],
  file: (path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  },
});

const readable = [
  ["$TOKEN", "from-environment"],
  ["file:token", "from-file"],
  ["file:/run/secrets/windows", "from-windows"],
  ["file:two-lines", "one\ntwo"],
  ["literal", "literal"],
  ["$5 a month", "$5 a month"],
  ["pa$TOKEN", "pa$TOKEN"],
] as const;

for (const [reference, text] of readable) {
  test(`${reference} is ${JSON.stringify(text)}`, () => {
    assert.equal(read(reference), text);
  });
}

const unreadable = [
  ["$NONE", "the environment variable NONE is not set"],
  ["$EMPTY", "the environment variable EMPTY is empty"],
  ["file:none", "the file none cannot be read"],
  ["file:empty", "the file empty is empty"],
] as const;

for (const [reference, message] of unreadable) {
  test(`${reference}: ${message}`, () => {
    assert.throws(() => read(reference), new Error(message));
  });
}

test("every secret that cannot be read is found, and none is shown", () => {
  const file = {
    actions: [{ url: new Secret("literal-key") }, { headers: { "x-key": new Secret("$NONE") } }],
  };
  assert.deepEqual(checkSecrets(file, read, "warning"), [
    {
      path: ["actions", 1, "headers", "x-key"],
      severity: "warning",
      message: "a secret is missing: the environment variable NONE is not set",
    },
  ]);
});
