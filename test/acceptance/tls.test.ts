import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { makeAuthority, type Authority } from "../fixtures/certificates.ts";
import { startCommand, runCommand, type Command } from "../fixtures/command.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const urlOf = (command: Command, what: RegExp) =>
  until("it to listen", () => command.stdout.map((line) => what.exec(line)?.[1]).find(Boolean), 60_000);

suite("crosscheck over TLS", () => {
  const parts = new AsyncDisposableStack();
  let folder: string;
  let authority: Authority;
  let file: ConfigFile;
  let env: Record<string, string>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "crosscheck-tls-"));
    parts.defer(() => rm(folder, { recursive: true }));
    authority = await makeAuthority();
    const { cert, key } = await authority.issue({ names: ["127.0.0.1"] });
    await writeFile(join(folder, "ca.pem"), authority.cert);
    await writeFile(join(folder, "server.crt"), cert);
    await writeFile(join(folder, "server.key"), key);
    await writeFile(join(folder, "token"), "token-of-the-tls-tests\n\nanother-token-of-them\n");
    env = { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };
    file = parts.use(await configFile(config("server.key")));
  });
  after(() => parts.disposeAsync());

  const config = (key: string) => ({
    controls: [],
    resolvers: [],
    routes: [{ name: "page", actions: ["out"] }],
    actions: [{ name: "out", type: "stdout" }],
    server: { tls: { certificate: join(folder, "server.crt"), key: join(folder, key) } },
  });

  test("a server says https, and its own commands reach it there", async () => {
    await using database = await freshSqlite();
    assert.ok("data" in database.location);
    await using server = startCommand(
      ["serve", "--config", file.path, "--data", database.location.data, "--listen", "127.0.0.1:0"],
      { env },
    );
    const url = await urlOf(server, /^crosscheck listens on (https:\S+)$/);
    const listed = await runCommand(["mute", "list", "--server", url], { env });
    assert.deepEqual([listed.code, listed.stdout.join("")], [0, "nothing is muted"]);
    const trusting = await runCommand(["mute", "list", "--server", url]);
    assert.equal(trusting.code, 1, "nobody vouches for this certificate outside this test");
  });

  test("a certificate that ends soon is told to trouble, and served", async () => {
    const soon = await authority.issue({ names: ["127.0.0.1"], validToDays: 3 });
    await writeFile(join(folder, "soon.crt"), soon.cert);
    await writeFile(join(folder, "soon.key"), soon.key);
    await using receiver = await startReceiver();
    const tls = { certificate: join(folder, "soon.crt"), key: join(folder, "soon.key") };
    await using ending = await configFile({
      ...config("server.key"),
      actions: [
        { name: "out", type: "stdout" },
        { name: "ops", type: "webhook", url: `${receiver.url}/ops` },
      ],
      trouble: ["ops"],
      server: { tls },
    });
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: ending.path, database: database.location });
    assert.match(server.url, /^https:/);
    const [notice] = await receiver.hears("/ops", "certificate");
    assert.match(notice?.body ?? "", /the certificate expires soon, at /);
  });

  test("a key that is not the certificate's is a fault of the configuration: nothing starts", async () => {
    await writeFile(join(folder, "other.key"), (await authority.issue({ names: ["x"] })).key);
    await using broken = await configFile(config("other.key"));
    await using database = await freshSqlite();
    assert.ok("data" in database.location);
    const where = ["--data", database.location.data, "--listen", "127.0.0.1:0"];
    const { code, stderr } = await runCommand(["serve", "--config", broken.path, ...where]);
    assert.equal(code, 1);
    assert.match(stderr.join("\n"), /crosscheck\.yaml:\d+:\d+: error: .*other\.key is not the key of/);
  });

  test("an agent listens over TLS, and takes each token of its file", async () => {
    const tls = ["--tls-certificate", join(folder, "server.crt"), "--tls-key", join(folder, "server.key")];
    const args = ["agent", "--listen", "127.0.0.1:0", "--token-file", join(folder, "token")];
    await using agent = startCommand([...args, ...tls]);
    const url = await urlOf(agent, /^crosscheck agent listens on (https:\S+)$/);
    for (const token of ["token-of-the-tls-tests", "another-token-of-them"]) {
      await using asking = await configFile({
        ...config("server.key"),
        locations: [{ name: "there", type: "agent", url, token }],
        checks: [{ name: "self", type: "tcp", host: "127.0.0.1", port: Number(new URL(url).port) }],
      });
      const { code, stdout } = await runCommand(
        ["check", "--config", asking.path, "--check", "self", "--from", "there", "--json"],
        { env },
      );
      const { observations } = JSON.parse(stdout.join("\n")) as { observations: { outcome: string }[] };
      assert.deepEqual([code, observations[0]?.outcome], [0, "pass"]);
    }
    const half = await runCommand([...args, "--tls-key", join(folder, "server.key")]);
    assert.equal(half.code, 2);
  });
});
