import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { runCommand } from "../fixtures/command.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { findPostgres, startPostgres } from "../fixtures/postgres.ts";
import { startTcpServer, type TcpServer } from "../fixtures/tcp-server.ts";

const config = {
  routes: [{ name: "all", actions: ["say"] }],
  actions: [{ name: "say", type: "stdout" }],
  unrouted: ["say"],
  trouble: ["say"],
};

const serve = (...more: readonly string[]) => ["serve", "--listen", "127.0.0.1:0", ...more];

suite(
  "a start that fails says why in one line, and exits 1 (2 for what was typed)",
  { concurrency: 2 },
  () => {
    const parts = new AsyncDisposableStack();
    let file: ConfigFile;
    let taken: TcpServer;
    let data: string;

    before(async () => {
      file = parts.use(await configFile(config));
      taken = parts.use(await startTcpServer());
      data = join(file.folder, "data");
      await writeFile(join(file.folder, "a-file"), "");
    });
    after(() => parts.disposeAsync());

    const failure = async (args: readonly string[], expected: { code: number; lines?: number }) => {
      const { code, stdout, stderr } = await runCommand(args, { cwd: file.folder });
      assert.equal(code, expected.code, stderr.join("\n"));
      assert.deepEqual(stdout, []);
      if (expected.lines !== undefined) assert.equal(stderr.length, expected.lines, stderr.join("\n"));
      return stderr.join("\n");
    };
    const oneLine = { code: 1, lines: 1 };

    test("no such configuration", async () => {
      const said = await failure(serve("--config", "nowhere.yaml", "--data", data), oneLine);
      assert.match(said, /nowhere\.yaml/);
      assert.match(said, /ENOENT|no such file|not found|cannot be read/i);
    });

    test("none named and none of the usual ones here", async () => {
      await using empty = await configFile({});
      const { code, stderr } = await runCommand(serve("--data", data), { cwd: join(empty.folder, "..") });
      assert.deepEqual([code, stderr.length], [1, 1]);
      assert.match(stderr[0] ?? "", /neither crosscheck\.yaml nor cfg\.yaml .*--config FILE/);
    });

    test("a configuration with faults: each with its place, and what was meant", async () => {
      const routes = [
        { name: "all", actions: ["sya"] },
        { name: "all", actoins: ["say"] },
      ];
      await using bad = await configFile({ ...config, routes });
      const said = await failure(serve("--config", bad.path, "--data", data), { code: 1 });
      for (const line of said.split("\n")) assert.match(line, /crosscheck\.yaml:\d+:\d+: (error|warning): /);
      assert.match(said, /did you mean "say"\?/);
      assert.match(said, /did you mean "actions"\?/);
    });

    test("a data folder that cannot be written to", async () => {
      const below = join(file.folder, "a-file", "data");
      const said = await failure(serve("--config", file.path, "--data", below), oneLine);
      assert.match(said, /cannot write to the data folder .*a-file\/data \(ENOTDIR\): .*--data/);
    });

    test("a database file that is none", async () => {
      await using other = await configFile(config);
      await writeFile(join(other.folder, "crosscheck.db"), "SQLite? Never heard of it. ".repeat(100));
      const said = await failure(serve("--config", file.path, "--data", other.folder), oneLine);
      assert.match(said, /crosscheck\.db is not a SQLite database, or is damaged/);
    });

    test("a port that is in use", async () => {
      const listen = `127.0.0.1:${taken.port}`;
      const args = [
        "serve",
        "--listen",
        listen,
        "--config",
        file.path,
        "--data",
        join(file.folder, "in-use"),
      ];
      assert.match(await failure(args, oneLine), new RegExp(`${listen} is in use: .*--listen`));
    });

    const skip = findPostgres() === undefined && "PostgreSQL is not installed";
    test("a database that does not exist", { skip }, async () => {
      await using postgres = await startPostgres();
      const url = (await postgres?.createDatabase())?.replace(/[^/]+$/, "nothing");
      const said = await failure(serve("--config", file.path, "--database", url ?? ""), oneLine);
      assert.match(said, /cannot open the PostgreSQL database nothing .*does not exist/);
    });

    test("a secret that is not there", async () => {
      await using secret = await configFile({
        ...config,
        server: { "ingest-tokens": ["$CROSSCHECK_NO_SUCH_TOKEN"] },
      });
      const said = await failure(serve("--config", secret.path, "--data", data), { code: 1 });
      assert.match(said, /CROSSCHECK_NO_SUCH_TOKEN/);
    });

    const usage: readonly (readonly [string, ...string[]])[] = [
      ["there is no command", "sevre"],
      ["--cofnig", "serve", "--cofnig", "x"],
      ["HOST:PORT", "serve", "--config", "crosscheck.yaml", "--listen", "8082"],
      ["usage: crosscheck agent", "agent", "--listen", "127.0.0.1:0"],
    ];
    for (const [said, ...args] of usage) {
      test(`crosscheck ${args.join(" ")}`, async () => {
        const { code, stdout, stderr } = await runCommand(args, { cwd: file.folder });
        assert.deepEqual([code, stdout], [2, []]);
        assert.ok(stderr.join("\n").includes(said), stderr.join("\n"));
      });
    }
  },
);
