import type { Observation } from "../model/observation.ts";

/** How a location fares with the controls, each of which may have been asked more than once. */
export interface ControlTally {
  readonly controls: number;
  /** Those that most tries did not reach. */
  readonly unreached: number;
  readonly missedTries: number;
}

export function controlTally({ controls = [] }: Pick<Observation, "controls">): ControlTally {
  const tries = [...Map.groupBy(controls, ({ url }) => url).values()];
  const missed = tries.map((all) => ({
    all: all.length,
    missed: all.filter(({ reached }) => !reached).length,
  }));
  return {
    controls: tries.length,
    unreached: missed.filter((one) => one.missed * 2 >= one.all).length,
    missedTries: missed.reduce((sum, one) => sum + one.missed, 0),
  };
}
