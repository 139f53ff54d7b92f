import * as z from "zod";
import { mode } from "../model/action.ts";
import { claims } from "../model/claim.ts";
import { duration, name, settings } from "../model/settings.ts";
import { plugins } from "./plugins-schema.ts";
import { link } from "./values.ts";

const actionNames = z.array(z.string());

const wrongConfirm =
  "write a number of failure domains from 2 up, majority or all (one domain alone never confirms)";

const verdict = settings({
  confirm: z
    .union([z.int().min(2, wrongConfirm), z.enum(["majority", "all"])], { error: wrongConfirm })
    .prefault(2)
    .describe(
      "how many failure domains must fail: a number, `majority` of those with a vote, or `all` of them",
    ),
  samples: z.int().min(1).max(8).prefault(3).describe("looks that a location takes before it says pass"),
  "sample-interval": duration.prefault("1s").describe("pause between two samples"),
  deadline: duration.prefault("20s").describe("end of the first look, from the start of the run"),
  "second-look": duration
    .prefault("20s")
    .describe("pause between the first look and the second, which is taken when anything fails"),
  "second-look-deadline": duration.prefault("12s").describe("how long the second look may take"),
  hold: duration
    .prefault("60s")
    .describe("longest time from the alert to a verdict; then it counts as inconclusive and is told"),
  recheck: z
    .array(duration)
    .prefault(["1m", "3m", "10m"])
    .describe("when a spared incident is looked at again, one after the other"),
  "open-recheck": z
    .array(duration)
    .min(1)
    .prefault(["30s", "1m", "2m", "5m"])
    .describe("when an open incident is looked at again; the last repeats for 24 h, then hourly"),
  recovery: settings({
    runs: z.int().min(1).prefault(3).describe("clean runs in a row until an incident is over"),
    over: duration.prefault("3m").describe("time that these runs span at least"),
  })
    .prefault({})
    .describe("what it takes to call an incident over"),
  reopen: duration.prefault("15m").describe("failing again within this time opens the same incident again"),
  flapping: settings({
    reopenings: z.int().min(2).prefault(3).describe("opened again so often"),
    within: duration.prefault("1h").describe("within this time, it stays open"),
    clean: duration.prefault("30m").describe("until it has been clean for so long"),
  })
    .prefault({})
    .describe("when an incident that comes and goes is told as flapping"),
  insist: settings({
    spares: z.int().min(2).prefault(3).describe("the spare of one subject that is told all the same"),
    within: duration.prefault("1h").describe("the time in which spares are counted"),
    unresolved: duration
      .prefault("15m")
      .describe("senders that say when it is over, and have not said so by then, insist"),
  })
    .prefault({})
    .describe("when the sender is believed against what the checks see"),
});

/** Its keys are outcomes, which are spelt like this in code too. */
const notify = z.strictObject({
  confirmed: actionNames
    .exactOptional()
    .describe("told when enough domains fail; the default of every other outcome"),
  regional: actionNames.exactOptional().describe("told when some domains fail, but not enough to confirm"),
  degraded: actionNames
    .exactOptional()
    .describe("told when it works, slower than asked; default: as regional"),
  "not-reproduced": actionNames
    .exactOptional()
    .describe("told when every location sees it healthy; pagers left out here are spared"),
  inconclusive: actionNames
    .exactOptional()
    .describe("told when nobody could tell; it needs every pager that confirmed has"),
  recovered: actionNames
    .exactOptional()
    .describe("told when it is over; default: all who were told that it began"),
});

/** One entry of `routes:`. Defaults are those of docs/verdicts.md. */
export const route = settings({
  name: name.describe("what messages, mutes and `/tenant/{route}` call it"),
  input: z
    .string()
    .optional()
    .describe("which alerts it takes: the body of a Rego rule over the alert (`input`); absent: all of them"),
  "input-files": z
    .array(z.string())
    .optional()
    .describe(
      "Rego files in place of `input`: rule `allow` of package `postee`; in the folder `rego-filters` beside this file, or in REGO_FILTERS_PATH",
    ),
  subject: z
    .string()
    .optional()
    .describe(
      "what the incident is about: a Rego expression; default: the target's URL, or the sender's own key",
    ),
  mode: mode
    .prefault("gate")
    .describe(
      "`gate` holds the page until the verdict; `annotate` tells messages only, the sender pages by itself; `shadow` decides as `gate` does and tells every outcome as `inconclusive` is told",
    ),
  actions: actionNames
    .prefault([])
    .describe("told at once when the alert arrives, in parallel with the checks"),
  template: z
    .string()
    .optional()
    .describe("what its `actions` are told on arrival, by name; default: each action's own message"),
  plugins: plugins
    .prefault({})
    .describe("of Postee: gather and sift what `actions` are told; verdicts are always told"),
  "serialize-actions": z
    .boolean()
    .prefault(false)
    .describe("tell `actions` one after the other, in the order of the list"),
  checks: z.array(z.string()).prefault([]).describe("run to find out whether the alert is true"),
  locations: z.array(z.string()).min(1).optional().describe("where the checks run from; default: everywhere"),
  claim: claims
    .optional()
    .describe(
      "what its alerts say is wrong: a list, or a Rego expression over the alert that gives one; default: what their words say",
    ),
  spare: z
    .boolean()
    .prefault(false)
    .describe(
      "health may spare the page though a check does not say what it `covers`; without it, it is told as `inconclusive` is",
    ),
  verdict: verdict.prefault({}).describe("the numbers of the verdict and of what follows it"),
  notify: notify
    .prefault({})
    .describe("which actions are told which outcome; an outcome that is left out is told as `confirmed` is"),
  "record-only": z
    .boolean()
    .prefault(false)
    .describe("silence is meant: an outcome of this route may be told to nobody"),
  runbook: link.optional().describe("what to do about it: a link in every message"),
});
