import type { CountedIncident, Report, Window } from "../model/report.ts";
import { fateOf } from "./classify.ts";
import { Group } from "./group.ts";
import { LocationVotes } from "./locations.ts";
import { Trials } from "./suggest.ts";

interface RouteGroup {
  readonly group: Group;
  readonly trials: Trials;
  mode: string | null;
}

/** Sums incidents up, one after the other: what it keeps grows with routes, senders and locations, not with incidents. */
export class ReportSums {
  readonly #total = new Group();
  readonly #routes = new Map<string, RouteGroup>();
  readonly #senders = new Map<string, Group>();
  readonly #locations = new LocationVotes();

  add(incident: CountedIncident): void {
    const fate = fateOf(incident);
    const route = this.#route(incident.route);
    route.mode = incident.audience?.mode ?? route.mode;
    route.group.add(incident, fate);
    route.trials.add(incident);
    this.#sender(incident.sender).add(incident, fate);
    this.#total.add(incident, fate);
    this.#locations.add(incident);
  }

  report({ since, until }: Window): Report {
    return {
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      total: this.#total.sums(),
      routes: byName(this.#routes).map(([route, { group, trials, mode }]) => ({
        route,
        mode,
        confirm: trials.current,
        ...group.sums(),
        rejudged: trials.rejudged(),
        suggestion: trials.suggestion(),
      })),
      senders: byName(this.#senders).map(([sender, group]) => ({ sender, ...group.sums() })),
      locations: this.#locations.sums(),
    };
  }

  #route(name: string): RouteGroup {
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    const route = { group: new Group(), trials: new Trials(), mode: null };
    this.#routes.set(name, route);
    return route;
  }

  #sender(name: string): Group {
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    const group = new Group();
    this.#senders.set(name, group);
    return group;
  }
}

function byName<T>(groups: ReadonlyMap<string, T>): [string, T][] {
  return [...groups].toSorted(([a], [b]) => a.localeCompare(b));
}
