import type { VerdictOutcome } from "../model/verdict.ts";
import type { Fault } from "./fault.ts";

/** Whether somebody was woken. */
export type Pager = "rang" | "spared";

/** What happens in a part of the demo, and what Crosscheck has to make of it. */
export interface Scene {
  readonly title: string;
  /** What happens, for those who watch. */
  readonly story: string;
  /** Each scene has a page of its own, so that no incident joins another's. */
  readonly page: string;
  readonly fault?: Fault;
  /** The agent whose process is killed. */
  readonly killed?: string;
  /** After the verdict the page is mended, and the scene lasts until recovery is told. */
  readonly mended?: true;
  readonly expected: { readonly outcome: VerdictOutcome; readonly pager: Pager };
}

export const locations = ["eu", "apac", "na"] as const;

export const scenes = [
  {
    title: "A flaky page",
    story: "A monitor had a hiccup. The site is healthy.",
    page: "/shop",
    expected: { outcome: "not-reproduced", pager: "spared" },
  },
  {
    title: "A regional outage",
    story: "Something between apac and the site resets connections; from elsewhere it works.",
    page: "/checkout",
    fault: { kind: "reset", from: "apac" },
    expected: { outcome: "regional", pager: "rang" },
  },
  {
    title: "A global outage",
    story: "The site answers 503 to everybody.",
    page: "/search",
    fault: { kind: "unavailable" },
    mended: true,
    expected: { outcome: "confirmed", pager: "rang" },
  },
  {
    title: "An agent is down",
    story: "The agent na has been killed. The site is healthy; the page was flaky again.",
    page: "/login",
    killed: "na",
    expected: { outcome: "not-reproduced", pager: "spared" },
  },
] as const satisfies readonly Scene[];
