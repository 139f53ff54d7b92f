/** The function for AWS Lambda as one file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");

/**
 * Writes src/lambda.ts and all that it needs to one minified ES module for `nodejs24.x`.
 * @returns what went into it, by file.
 */
export async function bundleLambda(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/lambda.ts"],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // esbuild's own order for Node prefers CommonJS, which cannot be shaken.
    mainFields: ["module", "main"],
    legalComments: "none",
    metafile: true,
    plugins: [slimZod, slimSchemas, bareBuiltins],
  });
  return metafile;
}

/** What schemas can do and ours, in the function, never do. */
const unusedMethods = `
  parse parseAsync safeParseAsync validate validateAsync
  encode decode encodeAsync decodeAsync safeEncode safeDecode safeEncodeAsync safeDecodeAsync
  and apply array brand catch describe isNullable isOptional meta nonoptional
  or overwrite pipe prefault readonly register toJSONSchema transform with
  endsWith includes length lowercase nonempty normalize slugify startsWith toLowerCase toUpperCase trim uppercase
  finite gt gte lt lte multipleOf negative nonpositive safe step
  catchall exactPartial keyof loose merge omit partial passthrough pick required safeExtend strict strip
  properties unwrap`
  .trim()
  .split(/\s+/);

/** Parts of zod's core/schemas.js and classic/schemas.js, as its compiler lays them out. */
const unusedParts = [
  // A method.
  String.raw`^ {4}(?:async )?(?:${unusedMethods.join("|")})(?:: .*)?\(.*\) \{\n(?: {5,}.*\n)* {4}\},\n`,
  // `z.string().email()` and its like.
  String.raw`^ {4}\w+\(params\) \{\s+return this\.check\(core\._\w+\(Zod\w+, params\)\);\s+\},\n`,
  // `schema["~standard"]`, `schema.description`.
  String.raw`^ {4}(?:get|set) ["~\w]+\(\w*\) \{\n(?: {5,}.*\n)* {4}\},\n`,
  // `schema.minLength`.
  String.raw`^ {4}\w+: \(inst\) => (?:processors\..*|\{\n(?: {5,}.*\n)* {4}\}),\n`,
  String.raw`^ {4}inst\.(?:extract|exclude) = .*\n(?: {5,}.*\n)* {4}\};\n`,
  String.raw`^ {4}inst\.(?:_zod\.processJSONSchema|removeDefault|unwrap) = .*;\n`,
  // Bodies and events are JSON, which has no cycles.
  String.raw`^ {4}_ensureDefaultMemoizer\(\);\n`,
].map((pattern) => new RegExp(pattern, "gm"));

/**
 * Leaves out of zod what the function never calls and esbuild cannot see to be unused, since schemas have it as methods:
 * more than half of zod. A release of zod that is laid out otherwise makes the file larger, and a schema of ours that uses
 * one of these fails when the file is loaded: tests tell either.
 */
const slimZod: Plugin = {
  name: "slim-zod",
  setup(zod) {
    zod.onLoad({ filter: /\/zod\/v4\/core\/(to-json-schema|json-schema-processors)\.js$/ }, ({ path }) => {
      const names = readFileSync(path, "utf8").matchAll(/^export (?:const|function) (\w+)/gm);
      const exports = [...names].map(([, name]) => `absent as ${name}`).join(", ");
      return {
        contents: `function absent() { throw new Error("no JSON Schema here") } export { ${exports} };`,
      };
    });
    zod.onLoad({ filter: /\/zod\/v4\/(classic|core)\/schemas\.js$/ }, ({ path }) => ({
      contents: unusedParts
        .reduce((text, part) => text.replaceAll(part, ""), readFileSync(path, "utf8"))
        // As a member of another namespace it would be kept whole.
        .replace('import { util } from "../core/index.js"', 'import * as util from "../core/util.js"')
        .replaceAll("core.util.", "util.")
        // Compiling a parser takes longer than reading the few requests that come.
        .replaceAll("core.$ZodObjectJIT", "core.$ZodObject"),
    }));
    // Errors are read by their issues.
    zod.onLoad({ filter: /\/zod\/v4\/classic\/errors\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/^ {4}const proto = [^]*?^\};/m, "};"),
    }));
  },
};

/**
 * Says of each schema of the model that making it does nothing else, so that those of answers, which nobody reads here, go;
 * and leaves out what the documentation says of settings.
 */
const slimSchemas: Plugin = {
  name: "slim-schemas",
  setup(schemas) {
    schemas.onLoad({ filter: /\/src\/(model|check)\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8").replaceAll(
        /\.describe\(\s*(["`])(?:\\.|(?!\1).)*\1,?\s*\)/gs,
        "",
      );
      return { contents: path.includes("/src/model/") ? marked(text) : text, loader: "ts" };
    });
  },
};

function marked(schemas: string): string {
  return schemas
    .replaceAll(/^ *\/?\*.*$/gm, "")
    .replaceAll(/(?<![.\w])(?:z\.[a-z]|\w+\.(?:extend|nullable|optional)\b)\w*\(/g, "/* @__PURE__ */ $&");
}

/**
 * Node's own modules as they are: `import` reads every member of one, and so makes what is made on demand, such as the texts
 * of all root certificates.
 */
const bareBuiltins: Plugin = {
  name: "bare-builtins",
  setup(node) {
    node.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    node.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}");`,
    }));
  },
};
