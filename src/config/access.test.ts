import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeAuthority } from "../../test/fixtures/certificates.ts";
import { checkAccess } from "./access.ts";
import { fileSchema } from "./schema.ts";

const file = (more: object) =>
  fileSchema.parse({
    routes: [{ name: "page", actions: ["out"] }],
    actions: [{ name: "out", type: "stdout" }],
    ...more,
  });
const long = (name: string) => `${name}-0123456789abcdef`;
const secrets = (reference: string) => {
  if (reference.startsWith("$")) throw new Error("it is not set");
  return reference;
};
const found = (more: object, folder = "/nowhere") =>
  checkAccess(file(more), { secrets, folder, severity: "error" }).map(
    ({ path, severity, message }) => `${path.join(".")}: ${severity}: ${message}`,
  );

test("tokens of their own, long enough or unknown here, are fine", () => {
  const server = {
    "ingest-tokens": [long("one"), "$TWO"],
    "api-tokens": [long("three"), "$TWO"],
    "read-tokens": [long("four")],
  };
  const sources = [
    { name: "any", type: "generic", token: long("one"), tokens: [long("five")], secrets: [long("six")] },
  ];
  assert.deepEqual(found({ server, sources }), []);
});

test("short ones can be guessed, also what a source signs with; none is shown", () => {
  const messages = found({
    server: {
      "ingest-tokens": ["short-1"],
      "api-tokens": [long("a"), "short-2"],
      "read-tokens": ["short-3"],
    },
    sources: [{ name: "any", type: "generic", token: "short-4", tokens: ["short-5"], secrets: ["short-6"] }],
  });
  assert.deepEqual(
    messages.map((message) => message.split(": warning: this is 7 characters long")[0]),
    [
      "server.ingest-tokens.0",
      "server.api-tokens.1",
      "server.read-tokens.0",
      "sources.0.token",
      "sources.0.tokens.0",
      "sources.0.secrets.0",
    ],
  );
  assert.doesNotMatch(messages.join("\n"), /short-/);
});

test("one that opens two doors is told", () => {
  const twice = long("twice");
  const server = { "ingest-tokens": [twice], "api-tokens": [twice], "read-tokens": [twice] };
  const sources = [{ name: "any", type: "generic", token: twice }];
  assert.deepEqual(found({ server, sources }), [
    "server.api-tokens.0: warning: the same token opens sending alerts as well: take one for each",
    "server.read-tokens.0: warning: the same token opens sending alerts as well: take one for each",
    "sources.0.token: warning: the same token opens the API as well: take one for each",
  ]);
});

test("files of server.tls are looked for beside the configuration", async () => {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-access-"));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rm(folder, { recursive: true }));
  const server = { tls: { certificate: "server.crt", key: "server.key" } };
  const looked = () => found({ server }, folder);
  assert.deepEqual(looked(), [`server.tls.certificate: error: ${folder}/server.crt: there is no such file`]);
  const authority = await makeAuthority();
  const good = await authority.issue({ names: ["here.test"] });
  await writeFile(join(folder, "server.crt"), good.cert);
  await writeFile(join(folder, "server.key"), (await authority.issue({ names: ["x"] })).key);
  assert.match(
    looked()[0] ?? "",
    /^server\.tls\.key: error: .*server\.key is not the key of the certificate/,
  );
  await writeFile(join(folder, "server.key"), good.key);
  assert.deepEqual(looked(), []);
  const old = await authority.issue({ names: ["here.test"], validFromDays: -20, validToDays: -1 });
  await writeFile(join(folder, "server.crt"), old.cert);
  await writeFile(join(folder, "server.key"), old.key);
  assert.match(looked()[0] ?? "", /^server\.tls\.certificate: warning: the certificate has expired/);
});
