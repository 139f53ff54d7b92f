#!/usr/bin/env node
import { existsSync } from "node:fs";

const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  const args = process.argv.slice(2).join(" ");
  process.stderr.write(
    `crosscheck needs Node 24 or newer, this is ${process.version}: npx -p node@24 -p crosscheck crosscheck ${args}\n`,
  );
  process.exitCode = 2;
} else {
  const source = new URL("../src/cli.ts", import.meta.url);
  await import(existsSync(source) ? source.href : new URL("../dist/cli.js", import.meta.url).href);
}
