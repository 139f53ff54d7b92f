import * as z from "zod";
import { locationSettings } from "../check/locations/index.ts";
import { checkSettings } from "../check/probes/index.ts";
import { sourceSettings } from "../ingest/sources/index.ts";
import { resolverAddress } from "../model/check.ts";
import { duration, settings } from "../model/settings.ts";
import { actionSettings } from "../notify/actions/index.ts";
import { mute } from "./mutes.ts";
import { template } from "./message-templates.ts";
import { posteeSize } from "./postee-values.ts";
import { route } from "./route-schema.ts";
import { serverSchema } from "./server-schema.ts";

const actionNames = z.array(z.string()).optional();

const controlUrl = z.url({ protocol: /^https?$/, error: "a control is a URL: http://… or https://…" });

/** Three operators that have little in common but the Internet. */
const defaultControls = [
  "https://www.gstatic.com/generate_204",
  "https://cp.cloudflare.com/generate_204",
  "http://www.msftconnecttest.com/connecttest.txt",
];

const storm = settings({
  incidents: z.int().min(1).prefault(10).describe("more new incidents than this on one pager"),
  within: duration.prefault("60s").describe("within this time become one page"),
  update: duration.prefault("5m").describe("which is updated at most this often"),
});

const digest = settings({
  actions: z.array(z.string()).min(1).describe("told once a day what was paged and what was spared"),
  at: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'write the time of day as "HH:MM" in UTC')
    .prefault("08:00")
    .describe("time of day, UTC"),
});

/** The whole file, as people write it; what code reads is `Config` (config.ts). */
export const fileSchema = settings({
  locations: z
    .array(locationSettings)
    .min(1)
    .prefault([{ name: "local", type: "local" }])
    .describe("where checks run from"),
  checks: z.array(checkSettings).prefault([]).describe("what to look at"),
  templates: z.array(template).prefault([]).describe("of Postee: what actions are told of an alert, in Rego"),
  routes: z.array(route).prefault([]).describe("which alerts start which checks, and who is told"),
  actions: z.array(actionSettings).prefault([]).describe("whom and what to tell"),
  controls: z
    .array(controlUrl)
    .max(8)
    .prefault(defaultControls)
    .describe(
      "URLs of different operators that a location asks when a check fails below HTTP: if most of them fail, it is the location",
    ),
  resolvers: z
    .array(resolverAddress)
    .max(4)
    .prefault(["1.1.1.1", "8.8.8.8"])
    .describe("DNS servers that a location asks when its own cannot say what a name is"),
  "self-test": duration
    .refine((ms) => ms >= 60_000, "at least 1m: each check is run from everywhere, needed or not")
    .prefault("1h")
    .describe(
      "how often every check is run from everywhere without an alert, to know how it looks when all is well",
    ),
  mutes: z.array(mute).prefault([]).describe("routes and subjects that nobody is told about for a while"),
  storm: storm.prefault({}).describe("when many incidents become one page"),
  digest: digest.optional().describe("a daily summary"),
  unrouted: actionNames.describe("actions told of alerts that no route took or that could not be read"),
  trouble: actionNames.describe("actions told of Crosscheck's own health"),
  "data-files": z
    .array(z.string().min(1))
    .prefault([])
    .describe("YAML or JSON files that Rego sees under `data`; paths are relative to this file"),
  sources: z
    .array(sourceSettings)
    .prefault([])
    .describe("senders of alerts, each posts to a URL of its own: `/alerts/{name}`"),
  server: serverSchema.prefault({}).describe("this server"),
  "aqua-server": z.string().optional().describe("base of links to images, for templates written for Postee"),
  name: z.string().optional().describe("of Postee, a title without effect"),
  rules: z
    .array(z.record(z.string(), z.unknown()))
    .optional()
    .describe("of Postee, for its web page alone, without effect"),
  "max-db-size": posteeSize.optional().describe("of Postee, without effect"),
  "db-verify-interval": z.int().optional().describe("of Postee, hours, without effect"),
  "delete-old-data": z.int().optional().describe("of Postee, without effect"),
});
export type FileSettings = z.output<typeof fileSchema>;
export type RouteSettings = FileSettings["routes"][number];
