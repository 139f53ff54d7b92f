import type { Random } from "../../test/fixtures/random.ts";
import type { Place, Situation } from "./truth.ts";

/** Whether a rule pages while a situation lasts as long as our watch does. */
export interface Rule {
  readonly name: string;
  pages(situation: Situation, places: readonly Place[], random: Random): boolean;
}

/** As long as a spared page is watched: 1, 3 and 10 min. */
const watchMinutes = 14;

/**
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html: each checker
 * by itself, every 30 s, three in a row; healthy while more than 18 % of them say so.
 */
const route53: Rule = {
  name: "Route 53",
  pages(situation, places) {
    const failures = new Map(places.map((place) => [place, 0]));
    for (let look = 0; look <= watchMinutes * 2; look += 1) {
      for (const place of places)
        failures.set(place, situation.ask(place) === "good" ? 0 : (failures.get(place) ?? 0) + 1);
      const healthy = [...failures.values()].filter((inARow) => inARow < 3).length;
      if (healthy / places.length <= 0.18) return true;
    }
    return false;
  },
};

/** gatus: one place, every minute, `failure-threshold: 3`. */
const threeInARow: Rule = {
  name: "3 in a row",
  pages(situation, places, random) {
    const place = random.pick(places);
    let inARow = 0;
    for (let look = 0; look <= watchMinutes; look += 1) {
      inARow = situation.ask(place) === "good" ? 0 : inARow + 1;
      if (inARow === 3) return true;
    }
    return false;
  },
};

/** Pingdom, StatusCake: every minute from one place; another one has to fail as well. */
const secondLocation: Rule = {
  name: "second location",
  pages(situation, places, random) {
    for (let look = 0; look <= watchMinutes; look += 1) {
      const [first, second] = random.shuffled(places);
      if (first === undefined || second === undefined) return false;
      if (situation.ask(first) !== "good" && situation.ask(second) !== "good") return true;
    }
    return false;
  },
};

/** Every minute from everywhere, with one retry; more than half have to fail. */
const majority: Rule = {
  name: "majority",
  pages(situation, places) {
    for (let look = 0; look <= watchMinutes; look += 1) {
      const failing = places.filter(
        (place) => situation.ask(place) !== "good" && situation.ask(place) !== "good",
      );
      if (failing.length * 2 > places.length) return true;
    }
    return false;
  },
};

export const peers: readonly Rule[] = [route53, threeInARow, secondLocation, majority];
