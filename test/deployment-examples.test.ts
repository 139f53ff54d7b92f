import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { runCommand } from "./fixtures/command.ts";
import { configFile } from "./fixtures/config-file.ts";
import { startCrosscheck } from "./fixtures/crosscheck.ts";
import { freshSqlite } from "./fixtures/databases.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, "examples", path), "utf8");

/** It is understood as far as the configuration, which is not there. */
async function assertUnderstood(args: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-example-"));
  try {
    const config = args.indexOf("--config") + 1;
    const own = args.map((arg, index) => (index === config ? join(folder, "nowhere.yaml") : arg));
    const env = { DATABASE_URL: "postgres://user@127.0.0.1:9/name" };
    const { code, stderr } = await runCommand(own, { cwd: folder, env });
    assert.equal(code, 1, stderr.join("\n"));
    assert.match(stderr.join("\n"), /nowhere\.yaml/);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("the Containerfile copies what is there, builds by our scripts, and starts with options that we have", async () => {
  const lines = read("container/Containerfile")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const after = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const copies = after("COPY").map((line) => line.split(" "));
  const fromHere = copies.filter(([first = ""]) => !first.startsWith("--from"));
  const sources = fromHere.flatMap((words) => words.slice(0, -1));
  assert(sources.includes("src") && sources.includes("package-lock.json"));
  for (const source of sources) assert(existsSync(join(root, source)), source);
  const { scripts, files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
    files: string[];
  };
  for (const [, script = ""] of after("RUN")
    .join("\n")
    .matchAll(/npm run (\S+)/g))
    assert(scripts[script], script);
  const taken = copies.filter(([first = ""]) => first.startsWith("--from")).map(([, path = ""]) => path);
  for (const part of ["bin", "dist"]) {
    assert(files.includes(part));
    assert(taken.includes(`/build/${part}`), `the image has ${part}`);
  }
  const [node, program] = JSON.parse(after("ENTRYPOINT")[0] ?? "") as string[];
  assert.deepEqual([node, program], ["node", `${after("WORKDIR").at(-1)}/bin/crosscheck.js`]);
  const command = JSON.parse(after("CMD")[0] ?? "") as string[];
  assert(after("VOLUME").includes(command[command.indexOf("--data") + 1] ?? ""));
  await assertUnderstood(command);
});

/** Keys by section, `[Service]` and others: systemd.syntax(7). */
function unit(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
    const title = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (title !== undefined) sections.set(title, (section = new Map<string, string>()));
    else if (key === undefined || value === undefined) throw new Error(`neither section nor key: ${line}`);
    else section.set(key, value);
  }
  return sections;
}

test("the systemd unit starts with options that we have, and stops later than we do", async () => {
  const sections = unit(read("systemd/crosscheck.service"));
  assert.deepEqual([...sections.keys()], ["Unit", "Service", "Install"]);
  const service = sections.get("Service");
  const words = service?.get("ExecStart")?.split(" ") ?? [];
  assert.deepEqual(words.slice(0, 2), ["/usr/bin/env", "crosscheck"]);
  await assertUnderstood(words.slice(2));
  assert.equal(words[words.indexOf("--data") + 1], `/var/lib/${service?.get("StateDirectory")}`);
  assert(Number(service?.get("TimeoutStopSec")) > 15);
  assert.equal(service?.get("Restart"), "always");
});

test("systemd finds no fault with the unit", (t) => {
  if (spawnSync("systemd-analyze", ["--version"]).status !== 0)
    return t.skip("systemd-analyze is not installed");
  const file = join(root, "examples/systemd/crosscheck.service");
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /crosscheck\.service/);
});

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly timeoutSeconds?: number;
}

interface Container {
  readonly args: string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly selector: unknown;
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly labels: unknown };
      readonly spec: {
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string }[];
        readonly terminationGracePeriodSeconds: number;
      };
    };
    readonly volumeClaimTemplates: readonly { readonly metadata: { readonly name: string } }[];
  };
}

for (const [file, kinds, replicas] of [
  ["one-process.yaml", ["Service", "StatefulSet"], 1],
  ["replicas.yaml", ["Service", "PodDisruptionBudget", "StatefulSet"], 3],
] as const) {
  test(`kubernetes/${file}: options that we have, paths that we answer, volumes that are there`, async () => {
    const documents = parseAllDocuments(read(`kubernetes/${file}`)).map(
      (one) => one.toJS() as Manifest | null,
    );
    const manifests = documents.filter((one) => one !== null);
    assert.deepEqual(
      manifests.map(({ kind }) => kind),
      kinds,
    );
    const [service] = manifests;
    const spec = manifests.at(-1)?.spec;
    const pod = spec?.template.spec;
    const [container] = pod?.containers ?? [];
    assert(spec && pod && container);
    assert.equal(spec.replicas, replicas);
    assert.deepEqual(service?.spec.selector, spec.template.metadata.labels);
    assert(pod.terminationGracePeriodSeconds > 15);
    const volumes = [
      ...pod.volumes.map(({ name }) => name),
      ...spec.volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    for (const { name } of container.volumeMounts) assert(volumes.includes(name), name);
    const { args } = container;
    const mounted = container.volumeMounts.map(({ mountPath }) => mountPath);
    assert(mounted.includes(args[args.indexOf("--data") + 1] ?? ""));
    assert(args.includes(`0.0.0.0:${container.ports[0]?.containerPort}`));
    assert(!args.some((arg) => arg.includes("postgres://")), "no password in a list of processes");
    await assertUnderstood(args);

    const { startupProbe, livenessProbe, readinessProbe } = container;
    assert.deepEqual(
      [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path),
      ["/healthz", "/healthz", "/readyz"],
    );
    assert((readinessProbe.timeoutSeconds ?? 1) >= 2, "it answers within a second while the database hangs");
    await using config = await configFile({ controls: [], resolvers: [], routes: [] });
    await using place = await freshSqlite();
    await using server = await startCrosscheck({ config: config.path, database: place.location });
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) await server.read(httpGet.path);
  });
}
