/**
 * Makes dist/ for publishing: JavaScript and types by tsc, the files that the code reads beside itself, and the function
 * for AWS Lambda as one file.
 */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { bundleLambda } from "./lambda-bundle.ts";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
for (const file of globSync("src/**/*.{sql,rego,css,js,svg,json}", { cwd: root })) {
  if (!file.includes("testdata")) cpSync(join(root, file), join(root, "dist", relative("src", file)));
}
await bundleLambda(join(root, "dist/lambda/index.mjs"));
