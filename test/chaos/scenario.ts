import { randomInt } from "node:crypto";
import { Random } from "../fixtures/random.ts";

/** What a variant of a scenario is handed. */
export interface Scene {
  readonly random: Random;
  /** One line about how far it is. */
  readonly progress: (line: string) => void;
}

/** What came of it. */
export interface Outcome {
  readonly counts: Readonly<Record<string, number | string>>;
  /** Promises that did not hold, each with what shows it; empty: all is well. */
  readonly broken: readonly string[];
}

/** Why it cannot be tried here. */
export interface Skipped {
  readonly skipped: string;
}

type Numbers = Readonly<Record<string, number>>;

/** One kind of thing that goes wrong. */
export interface Scenario {
  readonly about: string;
  /** How much of it: those of the long form. Times in seconds. */
  readonly numbers: Numbers;
  readonly variants: readonly string[];
  run(variant: string, scene: Scene, numbers: Numbers): Promise<Outcome | Skipped>;
}

interface Definition<N extends Numbers> {
  readonly about: string;
  readonly numbers: N;
  readonly variants: Readonly<Record<string, (scene: Scene, numbers: N) => Promise<Outcome | Skipped>>>;
}

/** A scenario with its ways; numbers that are not given are those of the long form. */
export function defineScenario<N extends Numbers>({ about, numbers, variants }: Definition<N>): Scenario {
  return {
    about,
    numbers,
    variants: Object.keys(variants),
    async run(variant, scene, given) {
      const run = variants[variant];
      if (run === undefined) throw new Error(`there is no variant ${variant}`);
      return run(scene, { ...numbers, ...given });
    },
  };
}

export interface Playing {
  readonly numbers?: Numbers;
  readonly seed?: number;
  readonly progress?: (line: string) => void;
}

/** Plays one variant; says on stdout with which seed, what was counted, and what did not hold. */
export async function play(
  scenario: Scenario,
  variant: string,
  { numbers = {}, seed = randomInt(2 ** 31), progress = () => undefined }: Playing = {},
): Promise<Outcome | Skipped> {
  console.log(`${variant}: --seed ${seed}`);
  const outcome = await scenario.run(variant, { random: new Random(seed), progress }, numbers);
  if ("skipped" in outcome) {
    console.log(`SKIPPED ${variant}: ${outcome.skipped}`);
    return outcome;
  }
  for (const [what, count] of Object.entries(outcome.counts)) console.log(`  ${what}: ${count}`);
  for (const each of outcome.broken) console.log(`  BROKEN: ${each}`);
  return outcome;
}
