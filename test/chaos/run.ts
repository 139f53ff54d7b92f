/**
 * The long forms: `node test/chaos/run.ts SCENARIO [VARIANT]… [--seed N] [--NUMBER N]…`. Exit code 1 when a promise is
 * broken, 2 for usage.
 */
import { parseArgs } from "node:util";
import { crash } from "./crash.ts";
import { databaseAway } from "./database-away.ts";
import { diskFull } from "./disk-full.ts";
import { fuzz } from "./fuzz.ts";
import { receivers } from "./receivers.ts";
import { play, type Scenario } from "./scenario.ts";
import { soak } from "./soak.ts";

const scenarios: Readonly<Record<string, Scenario>> = {
  crash,
  receivers,
  "database-away": databaseAway,
  "disk-full": diskFull,
  fuzz,
  soak,
};

function usage(): string {
  const lines = Object.entries(scenarios).map(([name, { about, numbers, variants }]) => {
    const options = Object.entries(numbers).map(([key, value]) => `--${key} ${value}`);
    return `  ${name} [${variants.join(" | ")}]  ${options.join(" ")}\n      ${about}`;
  });
  return `usage: node test/chaos/run.ts SCENARIO [VARIANT]… [--seed N] [--NUMBER N]…\n${lines.join("\n")}`;
}

function wantedFrom([name = "", ...rest]: readonly string[]) {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`there is no scenario "${name}"`);
  const keys = ["seed", ...Object.keys(scenario.numbers)];
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: Object.fromEntries(keys.map((key) => [key, { type: "string" as const }])),
  });
  const unknown = positionals.find((variant) => !scenario.variants.includes(variant));
  if (unknown !== undefined) throw new Error(`${name} has no variant "${unknown}"`);
  const numbers = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]));
  if (Object.values(numbers).some((value) => !Number.isFinite(value))) throw new Error("a number is wanted");
  const { seed, ...more } = numbers;
  return {
    scenario,
    variants: positionals.length > 0 ? positionals : scenario.variants,
    seed,
    numbers: more,
  };
}

/** On a terminal one line that changes, elsewhere nothing. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
}

async function main(args: readonly string[]): Promise<number> {
  let wanted: ReturnType<typeof wantedFrom>;
  try {
    wanted = wantedFrom(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage()}`);
    return 2;
  }
  const { scenario, variants, seed, numbers } = wanted;
  let broken = 0;
  for (const variant of variants) {
    const seeded = seed === undefined ? {} : { seed };
    const outcome = await play(scenario, variant, { numbers, progress, ...seeded });
    broken += "broken" in outcome ? outcome.broken.length : 0;
  }
  return broken > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
