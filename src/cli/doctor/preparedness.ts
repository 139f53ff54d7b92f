import type { Config } from "../../config/config.ts";
import type { ActionKind } from "../../model/action.ts";
import { ok, warn } from "./diagnosis.ts";
import type { Diagnosis } from "./diagnosis.ts";

/** What a route can go by. */
export interface Outlook {
  readonly route: string;
  /** Failure domains of the locations and votes that look for it. */
  readonly domains: ReadonlySet<string>;
}

/** Whether somebody hears of what goes wrong, and enough places look. Pure. */
export function judgePreparedness(
  config: Config,
  {
    kinds,
    outlooks,
  }: { readonly kinds: ReadonlyMap<string, ActionKind>; readonly outlooks: readonly Outlook[] },
): Diagnosis[] {
  return [...judgeWhoHears(config, kinds), ...judgeOutlooks(outlooks)];
}

function judgeWhoHears(
  { unrouted, trouble, server }: Config,
  kinds: ReadonlyMap<string, ActionKind>,
): Diagnosis[] {
  const hasPager = [...kinds.values()].includes("pager");
  const lists = [
    {
      about: "unrouted",
      actions: unrouted,
      otherwise:
        trouble.length === 0
          ? "nobody hears of alerts that no route takes"
          : "of alerts that no route takes only trouble: hears, once an hour for each",
      advice: "list an action under unrouted:",
    },
    {
      about: "trouble",
      actions: trouble,
      otherwise: "nobody hears of Crosscheck's own health",
      advice: "list an action under trouble:",
    },
    ...(hasPager
      ? [
          {
            about: "emergency",
            actions: server.emergency,
            otherwise: "while the database is away for long, no pager is told what comes",
            advice: "list a pager under server.emergency",
          },
        ]
      : []),
  ];
  const told = lists.map(({ about, actions, otherwise, advice }) =>
    actions.length === 0 ? warn(about, otherwise, advice) : ok(about, `told to ${actions.join(", ")}`),
  );
  const heartbeat =
    server.heartbeat === null
      ? warn(
          "heartbeat",
          "nobody outside notices when this server is gone",
          "set server.heartbeat to the URL of a dead man's switch",
        )
      : ok("heartbeat", `a sign of life every ${server.heartbeat.everyMs / 1000} s`);
  return [...told, heartbeat];
}

const enough = 3;

/** What cannot be decided with fewer places, by their number. */
const otherwise = [
  "nobody looks: every page is told as it came",
  "one place can see a failure, never prove health: no page is spared",
  "when one of the two is away or they disagree nothing can be decided, and that pages",
] as const;

function judgeOutlooks(outlooks: readonly Outlook[]): Diagnosis[] {
  const about = "failure domains";
  if (outlooks.length === 0) return [ok(about, "no route checks anything")];
  const few = outlooks.filter(({ domains }) => domains.size < enough);
  if (few.length === 0) {
    const least = Math.min(...outlooks.map(({ domains }) => domains.size));
    return [ok(about, `${least} or more look for each route`)];
  }
  return [...Map.groupBy(few, ({ domains }) => domains.size)].map(([size, same]) =>
    warn(
      about,
      `${size} for ${same.map(({ route }) => route).join(", ")}; ${otherwise[size] ?? ""}`,
      "list locations in three failure domains: other providers, other regions",
    ),
  );
}
