import type { Config } from "../config/config.ts";
import type { SharedProbes } from "../check/shared-probes.ts";
import type { Location } from "../check/location-type.ts";
import type { ActionKind } from "../model/action.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Gates } from "../notify/gates.ts";
import type { Places } from "../notify/places.ts";
import type { Surroundings } from "../route/plan.ts";
import type { Database } from "../store/database.ts";
import type { MuteList } from "./mute-list.ts";
import type { LocationHealth } from "./self-watch.ts";

/** The running configuration with what was opened for it. A reload puts another one in its place, whole. */
export interface Setup {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly locations: ReadonlyMap<string, Location>;
  readonly kinds: ReadonlyMap<string, ActionKind>;
  /** Keeps the locations open until it is disposed of: a run ends on the setup that it began with. */
  hold(): Disposable;
}

/** What every step works with. */
export interface Context {
  readonly database: Database;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly locationHealth: LocationHealth;
  /** What locations have been asked by this process. */
  readonly sharedProbes: SharedProbes;
  readonly mutes: MuteList;
  /** Which actions may be sent something now, as far as this process knows. */
  readonly gates: Gates;
  readonly places: Places;
  /** Since when (ms) the routing of an alert has been failing in this process, by the alert's id. */
  readonly failingAlerts: Map<string, number>;
  /** The setup of this moment. */
  setup(): Setup;
  /** ms since 1970 */
  now(): number;
  /** 0 to 1 */
  random(): number;
}
