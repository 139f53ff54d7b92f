import assert from "node:assert/strict";
import { chmod, mkdtemp, open, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { agentToken, startAgents, type Agents } from "../fixtures/agents.ts";
import { makeAuthority } from "../fixtures/certificates.ts";
import { runCommand, startCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startDnsServer } from "../fixtures/dns-server.ts";
import { oldReleases, restoreRelease } from "../fixtures/old-database.ts";
import { startPostgres, type PostgresServer } from "../fixtures/postgres.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";
import { mountSmallDisk } from "../chaos/small-disk.ts";

interface Diagnosis {
  readonly level: "ok" | "warn" | "fail";
  readonly about: string;
  readonly says: string;
  readonly advice: string | null;
}

interface Findings {
  readonly code: number | null;
  readonly diagnoses: readonly Diagnosis[];
  /** Everything that it printed. */
  readonly text: string;
  /** `fail schema`, without what is well. */
  readonly wrong: readonly string[];
  readonly of: (about: string) => readonly Diagnosis[];
}

/** Nobody listens there. */
let deadUrl: string;
let folder: string;
let receiver: Receiver;
let agents: Agents;
/** The watch outside: a request to it would be a sign of life. */
const watch = { url: "", beats: 0 };
const parts = new AsyncDisposableStack();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "crosscheck-doctor-"));
  parts.defer(() => rm(folder, { recursive: true }));
  receiver = parts.use(await startReceiver());
  agents = parts.use(await startAgents(["eu", "na", "apac"]));
  const server = createHttpServer((_, response) => {
    watch.beats += 1;
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  parts.defer(() => void server.close());
  watch.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  deadUrl = `http://127.0.0.1:${await freePort()}`;
});
after(() => parts.disposeAsync());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** An installation of which nothing is wrong; `$…` stand in the environment. */
async function installation(changes: object = {}) {
  const file = await configFile({
    controls: [],
    resolvers: [],
    locations: agents.locations.map((one) => ({ ...one, token: "$AGENT_TOKEN" })),
    checks: [{ name: "site", type: "http", url: "http://127.0.0.1:1/", "self-test": false }],
    routes: [{ name: "page", checks: ["site"], actions: ["team"] }],
    actions: [{ name: "team", type: "webhook", url: "$TEAM_URL" }],
    unrouted: ["team"],
    trouble: ["team"],
    server: { listen: `127.0.0.1:${await freePort()}`, heartbeat: { url: "$BEAT_URL" } },
    ...changes,
  });
  return file;
}

function environment(): Record<string, string> {
  return {
    AGENT_TOKEN: agentToken,
    TEAM_URL: `${receiver.url}/team/a-secret-of-the-path`,
    BEAT_URL: `${watch.url}/beat/a-secret-of-the-path`,
  };
}

async function examined(args: readonly string[], env: Record<string, string> = {}): Promise<Findings> {
  const options = { env: { ...environment(), ...env } };
  const { code, stdout, stderr } = await runCommand(["doctor", ...args, "--json"], options);
  const text = [...stdout, ...stderr].join("\n");
  assert.deepEqual(stderr, [], "nothing beside its answer");
  const { diagnoses, fails } = JSON.parse(stdout.join("\n")) as { diagnoses: Diagnosis[]; fails: number };
  assert.equal(code, fails > 0 ? 1 : 0);
  const wrong = diagnoses
    .filter(({ level }) => level !== "ok")
    .map(({ level, about }) => `${level} ${about}`);
  return { code, diagnoses, text, wrong, of: (about) => diagnoses.filter((one) => one.about === about) };
}

/** Of an installation that serves TLS by these files. */
async function served(certificate: string, key: string): Promise<Findings> {
  const tls = { certificate: join(folder, certificate), key: join(folder, key) };
  await using file = await installation({ server: { listen: "127.0.0.1:0", tls } });
  return await examined(["--config", file.path, "--data", join(folder, "none")]);
}

/** What depends on the machine that the test runs on. */
const machine = ["warn open files", "warn probe priority", "warn disk", "warn data folder"];

function withoutMachine(wrong: readonly string[]): string[] {
  return wrong.filter((one) => !machine.includes(one));
}

suite("crosscheck doctor", () => {
  test("of an installation that is well it finds nothing, makes nothing and tells nobody", async () => {
    await using file = await installation();
    const data = join(file.folder, "data");
    const { wrong, text, of, code } = await examined(["--config", file.path, "--data", data]);
    assert.deepEqual(withoutMachine(wrong), []);
    assert.equal(code, 0);
    assert.deepEqual(await readdir(file.folder), ["crosscheck.yaml"]);
    assert.deepEqual([receiver.told("/team/a-secret-of-the-path"), watch.beats], [[], 0]);
    assert(!text.includes("a-secret-of-the-path") && !text.includes(agentToken), "nothing secret is shown");
    assert.match(of("secrets")[0]?.says ?? "", /AGENT_TOKEN, TEAM_URL|TEAM_URL.*AGENT_TOKEN/);
    assert.match(of("location eu")[0]?.says ?? "", /answers, in \d+ ms; failure domain eu/);
    assert.match(of("port")[0]?.says ?? "", /is free/);
    assert.match(of("database")[0]?.says ?? "", /the first start makes it/);
    assert.match(of("failure domains")[0]?.says ?? "", /^3 or more look for each route/);
    const placeOf = (url: string) => of(`receiver ${new URL(url).host}`)[0]?.says ?? "";
    assert.match(placeOf(receiver.url), /^takes connections, for team$/);
    assert.match(placeOf(watch.url), /^takes connections, for server\.heartbeat$/);
  });

  test("for people it is a line each, and a summary", async () => {
    await using file = await installation({ trouble: [] });
    const args = ["doctor", "--config", file.path, "--data", join(file.folder, "data")];
    const { code, stdout } = await runCommand(args, { env: environment() });
    assert.equal(code, 0);
    const told = stdout.filter((line) => / {2}trouble {2,}/.test(line));
    assert.equal(told.length, 1, stdout.join("\n"));
    assert.match(told[0] ?? "", /^warn {2}trouble +nobody hears .*: list an action under trouble:$/);
    assert.match(stdout.at(-1) ?? "", /^0 wrong, \d+ to know$/);
  });

  test("a server that runs is seen, and left alone", async () => {
    await using file = await installation();
    await using place = await freshSqlite();
    assert("data" in place.location);
    const { data } = place.location;
    await using server = await startCrosscheck({
      config: file.path,
      database: place.location,
      env: environment(),
    });
    const listen = new URL(server.url).host;
    const files = await readdir(data);
    const { of, wrong } = await examined(["--config", file.path, "--data", data, "--listen", listen]);
    assert.deepEqual(withoutMachine(wrong), []);
    assert.match(of("port")[0]?.says ?? "", /Crosscheck listens on .* and is ready/);
    assert.match(of("serve.lock")[0]?.says ?? "", /another one would be refused/);
    assert.match(of("database")[0]?.says ?? "", /its pages are whole/);
    assert.match(of("schema")[0]?.says ?? "", /which is this version's/);
    assert.deepEqual(await readdir(data), files);
    await server.post({ note: "still there" });
    assert.equal(await server.stop(), 0);
    const after = await readdir(data);
    const stopped = await examined(["--config", file.path, "--data", data]);
    assert.match(stopped.of("serve.lock")[0]?.says ?? "", /no server works on/);
    assert.deepEqual(await readdir(data), after);
  });

  test("what is dead is found: a location, a receiver, the watch outside, a resolver", async () => {
    await using dns = await startDnsServer(() => ({ records: [] }));
    const [eu, na, apac] = agents.locations;
    await using file = await installation({
      locations: [eu, na, { ...apac, url: deadUrl }],
      actions: [
        { name: "team", type: "webhook", url: "$TEAM_URL" },
        { name: "oncall", type: "pagerduty", "routing-key": "$ROUTING_KEY", url: deadUrl },
      ],
      resolvers: [dns.address, `127.0.0.1:${new URL(deadUrl).port}`],
      server: { listen: "127.0.0.1:0" },
    });
    const env = { ROUTING_KEY: "a".repeat(32) };
    const { wrong, of } = await examined(["--config", file.path, "--data", join(folder, "none")], env);
    assert.deepEqual(withoutMachine(wrong), [
      "warn permissions",
      `warn resolver 127.0.0.1:${new URL(deadUrl).port}`,
      `fail receiver ${new URL(deadUrl).host}`,
      "fail location apac",
      "warn emergency",
      "warn heartbeat",
    ]);
    assert.match(of("location apac")[0]?.says ?? "", /the agent cannot be reached/);
    assert.match(
      of(`receiver ${new URL(deadUrl).host}`)[0]?.says ?? "",
      /^oncall cannot be told: .*ECONNREFUSED/,
    );
  });

  test("an agent that was given another token is no location", async () => {
    await using file = await installation();
    const env = { AGENT_TOKEN: "another-token-than-theirs" };
    const { of, text } = await examined(["--config", file.path, "--data", join(folder, "none")], env);
    for (const name of ["eu", "na", "apac"]) {
      assert.equal(of(`location ${name}`)[0]?.level, "fail");
      assert.match(of(`location ${name}`)[0]?.advice ?? "", /location\.unauthorized/);
    }
    assert(!text.includes(env.AGENT_TOKEN));
  });

  test("a secret that is missing is named, and the rest is looked at all the same", async () => {
    await using file = await installation({
      actions: [{ name: "team", type: "webhook", url: "file:gone/url" }],
    });
    const { of, wrong } = await examined(["--config", file.path, "--data", join(folder, "none")]);
    assert.deepEqual(withoutMachine(wrong), ["fail configuration"]);
    assert.match(
      of("configuration")[0]?.says ?? "",
      /crosscheck\.yaml:\d+:\d+: error: .*the file gone\/url cannot be read/,
    );
    assert.equal(of("database").length, 1);
  });

  test("without a configuration it says so, and looks at the rest", async () => {
    const { code, diagnoses } = await examined(["--config", join(folder, "nowhere.yaml")]);
    assert.equal(code, 1);
    assert.equal(diagnoses.find(({ level }) => level === "fail")?.about, "configuration");
  });

  test("what anybody can read is told: secrets, keys, alerts", async () => {
    const secret = join(folder, "team-url");
    await writeFile(secret, `${receiver.url}/team`);
    await chmod(secret, 0o644);
    await using file = await installation({
      actions: [{ name: "team", type: "webhook", url: `file:${secret}` }],
    });
    const data = join(file.folder, "data");
    await restoreRelease(oldReleases("sqlite").at(-1) ?? "", { data });
    await chmod(data, 0o755);
    await chmod(join(data, "crosscheck.db"), 0o644);
    const { of } = await examined(["--config", file.path, "--data", data]);
    assert.match(of("permissions")[0]?.says ?? "", /can read .*team-url, which holds a secret$/);
    assert(of("data folder").some(({ level, says }) => level === "warn" && says.includes("crosscheck.db")));
    await chmod(secret, 0o600);
    await chmod(data, 0o700);
    const mended = await examined(["--config", file.path, "--data", data]);
    assert.equal(mended.of("permissions")[0]?.level, "ok");
    assert(mended.of("data folder").every(({ says }) => !says.includes("crosscheck.db")));
  });

  test("a key that does not fit its certificate is found, and one that ends soon", async () => {
    const authority = await makeAuthority();
    const write = async (name: string, days: number) => {
      const { cert, key } = await authority.issue({ names: ["127.0.0.1"], validToDays: days });
      await writeFile(join(folder, `${name}.crt`), cert);
      await writeFile(join(folder, `${name}.key`), key, { mode: 0o600 });
    };
    await Promise.all([write("one", 90), write("soon", 3)]);
    const wrongKey = await served("one.crt", "soon.key");
    assert(
      wrongKey
        .of("configuration")
        .some(({ level, says }) => level === "fail" && /is not the key of/.test(says)),
    );
    const soon = await served("soon.crt", "soon.key");
    assert.match(soon.of("certificate")[0]?.says ?? "", /expires soon/);
    assert.equal(soon.code, 0);
    assert.equal((await served("one.crt", "one.key")).of("certificate")[0]?.level, "ok");
  });

  test("a port that somebody else has is found", async () => {
    const other = createServer((socket) => void socket.end("hello\n")).listen(0, "127.0.0.1");
    await once(other, "listening");
    try {
      const { port } = other.address() as AddressInfo;
      await using file = await installation({ server: { listen: `127.0.0.1:${port}` } });
      const { of } = await examined(["--config", file.path, "--data", join(folder, "none")]);
      assert.equal(of("port")[0]?.level, "fail");
      assert.match(of("port")[0]?.says ?? "", /something else than Crosscheck listens on/);
    } finally {
      other.close();
    }
  });

  test("two places are too few, and it says for what", async () => {
    await using file = await installation({ locations: agents.locations.slice(0, 2) });
    const { of } = await examined(["--config", file.path, "--data", join(folder, "none")]);
    assert.match(
      of("failure domains")[0]?.says ?? "",
      /^2 for page; when one of the two is away .* that pages$/,
    );
  });
});

suite("crosscheck doctor and a SQLite database", () => {
  test("of an earlier release: it would be migrated, and is not", async () => {
    await using file = await installation();
    const data = join(file.folder, "data");
    await restoreRelease(oldReleases("sqlite")[0] ?? "", { data });
    const before = await stat(join(data, "crosscheck.db"));
    const { of, code } = await examined(["--config", file.path, "--data", data]);
    assert.deepEqual([code, of("schema")[0]?.level], [0, "warn"]);
    assert.match(of("schema")[0]?.says ?? "", /^step 1; the next start brings it to \d+/);
    assert.equal((await stat(join(data, "crosscheck.db"))).mtimeMs, before.mtimeMs);
    assert.deepEqual(await readdir(data), ["crosscheck.db"]);
  });

  test("of a newer version: it is refused before the night", async () => {
    await using file = await installation();
    const data = join(file.folder, "data");
    await restoreRelease(oldReleases("sqlite")[0] ?? "", { data });
    {
      using database = new DatabaseSync(join(data, "crosscheck.db"));
      database.exec("insert into migrations (number, name, applied_at) values (9999, 'later', 0)");
    }
    const { of } = await examined(["--config", file.path, "--data", data]);
    assert.equal(of("schema")[0]?.level, "fail");
    assert.match(of("schema")[0]?.says ?? "", /of a newer version \(9999/);
  });

  test("that is damaged or emptied: it says what to do", async () => {
    await using file = await installation();
    const data = join(file.folder, "data");
    await restoreRelease(oldReleases("sqlite")[0] ?? "", { data });
    const path = join(data, "crosscheck.db");
    {
      await using handle = await open(path, "r+");
      await handle.write(Buffer.alloc(8192, 0x5a), 0, 8192, 4096);
    }
    const damaged = await examined(["--config", file.path, "--data", data]);
    assert.equal(damaged.of("database")[0]?.level, "fail");
    assert.match(damaged.of("database")[0]?.says ?? "", /is damaged .*restore it from a backup/);
    await truncate(path, 0);
    await writeFile(join(data, "serve.lock"), "");
    const emptied = await examined(["--config", file.path, "--data", data]);
    assert.match(
      emptied.of("database")[0]?.says ?? "",
      /it is empty, and this folder has been served before/,
    );
  });

  test("on a disk that is full", async (t) => {
    const mounted = await mountSmallDisk(8);
    if ("skipped" in mounted) return t.skip(mounted.skipped);
    await using disk = mounted;
    await using file = await installation();
    const { of, code } = await examined(["--config", file.path, "--data", join(disk.folder, "data")]);
    assert.deepEqual([code, of("disk")[0]?.level], [1, "fail"]);
    assert.match(of("disk")[0]?.says ?? "", /^\d+ MB are free on the disk of .*: no alert can be kept$/);
  });
});

suite("crosscheck doctor and PostgreSQL", () => {
  let postgres: PostgresServer | undefined;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.[Symbol.asyncDispose]());

  test("one that answers, by the name of a variable; then an old one of ours, a stranger's, and none", async (t) => {
    if (postgres === undefined) return t.skip("PostgreSQL is not installed");
    await using file = await installation();
    const url = await postgres.createDatabase();
    const ask = (address: string) =>
      examined(["--config", file.path, "--database", "$DATABASE_URL"], { DATABASE_URL: address });
    const fresh = await ask(url);
    assert.deepEqual(withoutMachine(fresh.wrong), []);
    assert.match(fresh.of("database")[0]?.says ?? "", /^PostgreSQL \d+.* at 127\.0\.0\.1:\d+\/test_\d+$/);
    assert.match(fresh.of("schema")[0]?.says ?? "", /no tables yet/);
    assert.match(fresh.of("clock")[0]?.says ?? "", /^0\.\d s/);
    // Nothing was made.
    assert.match((await ask(url)).of("schema")[0]?.says ?? "", /no tables yet/);

    await restoreRelease(oldReleases("postgres")[0] ?? "", { url });
    const old = await ask(url);
    assert.deepEqual([old.code, old.of("schema")[0]?.level, old.of("rights")[0]?.level], [0, "warn", "ok"]);

    const stranger = await postgres.createDatabase();
    await restoreRelease(oldReleases("postgres")[0] ?? "", { url: stranger });
    const client = new Client({ connectionString: stranger });
    await client.connect();
    await client.query("create role stranger login");
    await client.end();
    const refused = await ask(stranger.replace("postgres@", "stranger:a-password@"));
    assert.equal(refused.of("rights")[0]?.level, "fail");
    assert.match(refused.of("rights")[0]?.says ?? "", /may not work on alerts, deliveries/);
    assert(!refused.text.includes("a-password"));

    await postgres.stop();
    const away = await ask(url.replace("postgres@", "postgres:a-password@"));
    assert.deepEqual([away.code, away.of("database")[0]?.level], [1, "fail"]);
    assert.match(
      away.of("database")[0]?.says ?? "",
      /^cannot open the PostgreSQL database test_\d+ at .*ECONNREFUSED/,
    );
    assert(!away.text.includes("a-password"));
    await postgres.start();
  });
});

test("serve and report take the database's URL from a file or a variable, and warn of a password that is shown", async (t) => {
  await using postgres = await startPostgres();
  if (postgres === undefined) return t.skip("PostgreSQL is not installed");
  const url = (await postgres.createDatabase()).replace("postgres@", "postgres:a-password@");
  await using file = await installation();
  await writeFile(join(file.folder, "url"), `${url}\n`, { mode: 0o600 });
  const serve = [
    "serve",
    "--config",
    file.path,
    "--listen",
    "127.0.0.1:0",
    "--data",
    join(file.folder, "data"),
  ];
  const started = async (database: string) => {
    await using command = startCommand([...serve, "--database", database], { env: environment() });
    await until(
      "it to listen",
      () => command.stdout.some((line) => line.startsWith("crosscheck listens")),
      60_000,
    );
    command.send("SIGTERM");
    assert.equal(await command.ended, 0);
    return [...command.stdout, ...command.stderr].join("\n");
  };
  const quiet = await started(`file:${join(file.folder, "url")}`);
  assert.doesNotMatch(quiet, /list of processes|a-password/);
  const shown = await started(url);
  assert.match(shown, /--database: every user of this machine sees its password in the list of processes/);
  assert.doesNotMatch(shown, /a-password/);
  const report = await runCommand(["report", "--database", "$DATABASE_URL"], { env: { DATABASE_URL: url } });
  assert.equal(report.code, 0, report.stderr.join("\n"));
});

const misuses: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["--nonsense"], /Unknown option '--nonsense'/],
  [
    ["--database", "$CROSSCHECK_TEST_UNSET"],
    /--database: the environment variable CROSSCHECK_TEST_UNSET is not set/,
  ],
  [["--database", "mysql://user:a-password@host/x"], /is not the URL of a PostgreSQL/],
  [["--database", "file:gone"], /--database: the file gone cannot be read/],
  [["--listen", "nowhere"], /--listen: "nowhere" is not HOST:PORT/],
];

for (const [args, says] of misuses) {
  test(`doctor ${args.join(" ").replace(/:.*@/, ":…@")} is a matter of usage`, async () => {
    const { code, stderr } = await runCommand(["doctor", ...args]);
    assert.equal(code, 2);
    assert.match(stderr.join("\n"), says);
    assert(!stderr.join("\n").includes("a-password"));
  });
}
