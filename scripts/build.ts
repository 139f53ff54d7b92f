/** Makes dist/ for publishing: JavaScript and types by tsc, and the files that the code reads beside itself. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
rmSync(join(root, "dist"), { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
for (const file of globSync("src/**/*.{sql,rego,css,js,svg,json}", { cwd: root })) {
  if (!file.includes("testdata")) cpSync(join(root, file), join(root, "dist", relative("src", file)));
}
