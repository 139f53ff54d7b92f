import type { Random } from "../../test/fixtures/random.ts";

/** What is the case while a page is judged. Rates are from 0 to 1. */
export interface Truth {
  readonly name: string;
  /** Somebody has to get up. */
  readonly isFault: boolean;
  /** The share of requests that the target fails, whoever asks. */
  readonly targetFails: number;
  /** One region cannot reach it. */
  readonly regional: boolean;
  /** The share of all requests that a path loses, those to controls as well. */
  readonly noise: number;
  /** How likely it is that one location is cut off from everything. */
  readonly broken: number;
  /** How likely it is that a firewall in front of the target turns the cloud's locations away. */
  readonly blocked: number;
}

const healthy: Truth = {
  name: "healthy",
  isFault: false,
  targetFails: 0,
  regional: false,
  noise: 0,
  broken: 0,
  blocked: 0,
};

/** Of the path between a cloud and a site that is not itself in trouble. */
export const noises = [0.001, 0.01, 0.05] as const;

export const truths: readonly Truth[] = noises.flatMap((noise) => {
  const withNoise = (truth: Truth): Truth => ({
    ...truth,
    noise,
    name: `${truth.name}, path noise ${percent(noise)}`,
  });
  const failing = [0.05, 0.1, 0.25, 0.5, 1].map((targetFails) => ({
    ...healthy,
    name: `the target fails ${percent(targetFails)} of requests`,
    isFault: true,
    targetFails,
  }));
  return [
    healthy,
    { ...healthy, name: "healthy, one location cut off", broken: 1 },
    { ...healthy, name: "healthy, the cloud is blocked", blocked: 1 },
    ...failing,
    { ...healthy, name: "one region is down", isFault: true, regional: true },
    { ...healthy, name: "down, one location cut off", isFault: true, targetFails: 1, broken: 1 },
    { ...healthy, name: "down, the cloud is blocked", isFault: true, targetFails: 1, blocked: 1 },
  ].map(withNoise);
});

export function percent(rate: number): string {
  return `${Number((rate * 100).toPrecision(3))} %`;
}

/** A place that looks; the last one is a machine of one's own, the others are of a cloud. */
export interface Place {
  readonly name: string;
  readonly provider: string | null;
}

export function placesOf(count: number): Place[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `place-${index + 1}`,
    provider: index === count - 1 ? null : "aws",
  }));
}

/** What a request meets: `lost` below HTTP, `failed` by the target's own word, `blocked` by a firewall. */
export type Answer = "good" | "lost" | "failed" | "blocked";

/** The truth of one page: which places are cut off or blocked stays while it is judged. */
export class Situation {
  readonly #truth: Truth;
  readonly #random: Random;
  readonly #broken: Place | undefined;
  readonly #cutOff: Place | undefined;
  readonly #blocked: boolean;

  constructor(truth: Truth, places: readonly Place[], random: Random) {
    this.#truth = truth;
    this.#random = random;
    this.#broken = random.next() < truth.broken ? random.pick(places) : undefined;
    this.#cutOff = truth.regional ? random.pick(places) : undefined;
    this.#blocked = random.next() < truth.blocked;
  }

  /** One request to the target. */
  ask(place: Place): Answer {
    if (place === this.#broken || place === this.#cutOff) return "lost";
    if (this.#happens(this.#truth.noise)) return "lost";
    if (this.#blocked && place.provider !== null) return "blocked";
    // A backend that is dead resets as often as it answers 500.
    if (this.#happens(this.#truth.targetFails)) return this.#happens(0.5) ? "lost" : "failed";
    return "good";
  }

  /** One request to somebody else. */
  askControl(place: Place): boolean {
    return place !== this.#broken && !this.#happens(this.#truth.noise);
  }

  #happens(rate: number): boolean {
    return this.#random.next() < rate;
  }
}
