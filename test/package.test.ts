import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import packageJson from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");

/** Node refuses TypeScript under node_modules, so that only dist/ can answer here. */
test("the packed tarball works where it is installed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-package-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const modules = join(folder, "node_modules");
  const own = join(modules, "crosscheck");
  mkdirSync(own, { recursive: true });
  execFileSync("tar", [
    "-xzf",
    join(folder, packed.trim().split("\n").at(-1) ?? ""),
    "-C",
    own,
    "--strip-components=1",
  ]);
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  const cli = join(own, "bin/crosscheck.js");
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8", timeout: 120_000 }).stdout;
  assert.equal(run("--version"), `crosscheck ${packageJson.version}\n`);
  const example = join(own, "examples/one-machine/crosscheck.yaml");
  assert.match(run("config", "check", example), /: ok: 1 route, 1 check/);
  assert.match(
    run("check", "http://127.0.0.1:9/", "--json"),
    /"errorClass": "tcp.refused"/,
    "the probe's thread",
  );
  const args = ["serve", "--config", example, "--data", join(folder, "data"), "--listen", "127.0.0.1:0"];
  const server = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(line.toString())?.[0] ?? "";
  const answer = await fetch(`${url}/readyz`);
  assert.equal(answer.status, 200, "SQL files and the store's threads");
  server.kill("SIGTERM");
  const [code] = (await once(server, "exit")) as [number];
  assert.equal(code, 0);
  const files = readdirSync(own, { recursive: true, encoding: "utf8" });
  assert.deepEqual(
    files.filter((file) => /\.test\.|fixture|testdata/.test(file)),
    [],
    "tests stay at home",
  );
  assert(files.includes(join("dist", "lambda", "index.mjs")), "the function for AWS Lambda");
});
