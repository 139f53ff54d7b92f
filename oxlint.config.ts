import { defineConfig } from "oxlint";

/**
 * Which folders of src/ a folder may import from. Everything that is not listed is refused, so that imports point
 * inward: the nouns know nothing, the verdict knows only the nouns, stages meet only in the steps of pipeline.ts.
 */
const mayImport: Record<string, readonly string[]> = {
  model: [],
  verdict: ["model"],
  report: ["model", "verdict"],
  rego: [],
  check: ["model"],
  route: ["model", "rego"],
  ingest: ["model", "rego"],
  notify: ["model", "rego"],
  store: ["model"],
  spool: ["model"],
  config: ["model", "rego", "check", "route", "ingest", "notify"],
  steps: ["model", "store", "spool", "config", "ingest", "route", "check", "verdict", "report", "notify"],
  web: ["model", "store", "config", "ingest", "steps"],
  server: ["model", "store", "spool", "config", "check", "route", "notify", "steps", "web"],
  cli: [
    "model",
    "store",
    "config",
    "ingest",
    "route",
    "check",
    "verdict",
    "notify",
    "steps",
    "server",
    "demo",
  ],
  demo: ["model", "cli"],
};

/** Packages that only one folder may use. */
const owners: Record<string, readonly string[]> = {
  pg: ["store"],
  "node:sqlite": ["store"],
  yaml: ["config", "rego"],
  hono: ["web"],
  re2js: ["rego", "check"],
};

const folders = Object.keys(mayImport);

/** What puts the parts together is imported by commands only. */
const wiring = {
  group: ["**/pipeline.ts", "**/worker.ts", "**/server.ts", "**/cli.ts"],
  message: "wiring is imported by commands and tests only",
};

function restrictions(folder: string) {
  const allowed = new Set([folder, ...(mayImport[folder] ?? [])]);
  const foreignFolders = folders.filter((name) => !allowed.has(name));
  const paths = Object.entries(owners)
    .filter(([, owner]) => !owner.includes(folder))
    .map(([name, owner]) => ({ name, message: `only src/${owner.join("/ and src/")}/ may use ${name}` }));
  const patterns = [
    {
      group: foreignFolders.flatMap((name) => [`**/${name}/**`]),
      message: `src/${folder}/ may import from: ${[...allowed].join(", ")}`,
    },
    ...(["cli", "server"].includes(folder) ? [] : [wiring]),
  ];
  return ["error", { paths, patterns }];
}

export default defineConfig({
  plugins: ["typescript", "import", "node", "oxc", "unicorn", "eslint", "promise"],
  categories: { correctness: "error", suspicious: "error" },
  options: { typeAware: true },
  rules: {
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/only-throw-error": "error",
    "typescript/return-await": ["error", "error-handling-correctness-only"],
    "typescript/no-explicit-any": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/consistent-return": "off",
    "eslint/preserve-caught-error": "error",
    "eslint/no-shadow": "off",
    "eslint/no-underscore-dangle": "off",
    "eslint/no-await-in-loop": "off",
    "import/no-default-export": "error",
    "import/no-cycle": "error",
    "import/no-unassigned-import": "off",
    "oxc/no-barrel-file": "error",
    "node/no-process-env": "error",
    "unicorn/filename-case": ["error", { case: "kebabCase" }],
    "unicorn/no-process-exit": "error",
    "eslint/max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
    "eslint/max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
    "eslint/max-params": ["error", 4],
    "eslint/max-depth": ["error", 3],
  },
  overrides: [
    ...folders.map((folder) => ({
      files: [`src/${folder}/**/*.ts`],
      rules: { "eslint/no-restricted-imports": restrictions(folder) },
    })),
    {
      files: ["**/*.test.ts", "test/**/*.ts", "bench/**/*.ts", "test/**/*.cjs"],
      rules: {
        "eslint/max-lines": "off",
        "eslint/max-lines-per-function": "off",
        "node/no-process-env": "off",
        "typescript/no-floating-promises": [
          "error",
          {
            allowForKnownSafeCalls: [
              { from: "package", package: "node:test", name: ["test", "describe", "it", "suite"] },
            ],
          },
        ],
      },
    },
    { files: ["src/config/load.ts", "src/lambda.ts"], rules: { "node/no-process-env": "off" } },
    { files: ["src/cli/signals.ts"], rules: { "unicorn/no-process-exit": "off" } },
    { files: ["oxlint.config.ts"], rules: { "import/no-default-export": "off" } },
  ],
});
