import * as z from "zod";
import { name, secret, settings } from "../../model/settings.ts";
import { defineSource } from "../source-type.ts";

const body = z.object({ status: z.unknown() });

/** Any sender of JSON. Of its body we read the top-level `status` alone; the rest is for the routes' Rego. */
export const generic = defineSource({
  name: "generic",
  settings: settings({
    type: z.literal("generic"),
    name: name.describe("the last part of its URL: `/alerts/{name}`"),
    token: secret.optional().describe("what this sender shows instead of one of `server.ingest-tokens`"),
  }),
  read({ json }) {
    const { success, data } = body.safeParse(json);
    // Anything but the one word that means "over" is taken as trouble: a page too many beats a page too few.
    const status = success && data.status === "resolved" ? "resolved" : "firing";
    return [{ status, dedupKey: null, targetUrl: null }];
  },
});
