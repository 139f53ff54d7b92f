import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { layer } from "../model/observation.ts";
import { version } from "../model/version.ts";
import { errorClasses, failed, type ErrorClass } from "./failure.ts";

const root = new URL("../../", import.meta.url);

/** The rows of the table under a heading of docs/error-classes.md, as [class, fault, votes]. */
async function documented(heading: string): Promise<string[][]> {
  const page = await readFile(new URL("docs/error-classes.md", root), "utf8");
  const section = page.split("\n## ").find((part) => part.startsWith(heading)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, name, , source, votes]) => [name?.replaceAll("`", "") ?? "", source ?? "", votes ?? ""]);
}

suite("error classes", () => {
  test("the page lists what probes find", async () => {
    const known = Object.entries(errorClasses).map(([name, source]) => {
      const votes = failed({ errorClass: name as ErrorClass, message: "" }).outcome === "fail" ? "yes" : "no";
      return [name, source, votes];
    });
    assert.deepEqual(await documented("Found by probes"), known);
  });

  test("the page lists what the server finds", async () => {
    const found = new Set<string>();
    for (const file of await readdir(new URL("src/check/", root), { recursive: true })) {
      if (!/(?<!\.test)\.ts$/.test(file) || file === "failure.ts") continue;
      const source = await readFile(new URL(`src/check/${file}`, root), "utf8");
      for (const [, name] of source.matchAll(/"((?:location|http)\.[a-z-]+)"/g)) found.add(name ?? "");
    }
    const listed = (await documented("Found by the server")).map(([name]) => name ?? "");
    assert.deepEqual(listed.toSorted(), [...found].filter((name) => !(name in errorClasses)).toSorted());
  });

  test("each begins with its layer", () => {
    for (const name of Object.keys(errorClasses)) layer.parse(name.split(".")[0]);
  });
});

test("the version is the package's", async () => {
  const { version: published } = JSON.parse(await readFile(new URL("package.json", root), "utf8")) as {
    version: string;
  };
  assert.equal(version, published);
});

test("a message is as long as people read: targets choose some of its words", () => {
  const message = `redirects to ${"x".repeat(20_000)}`;
  const told = failed({ errorClass: "http.redirect", message }).message;
  assert.equal(told.length, 1000);
  assert.match(told, /x…$/);
});
