import * as z from "zod";
import { name, settings } from "../../model/settings.ts";
import { defineLocation } from "../location-type.ts";
import { Prober } from "../prober.ts";

/** The machine that Crosscheck runs on. Checks run in a thread of their own, so that nothing bends a timing. */
export const local = defineLocation({
  name: "local",
  settings: settings({
    type: z.literal("local"),
    name: name.describe("what routes call it"),
    domain: name.optional().describe("the failure domain; the location's name when left out"),
  }),
  open({ name, domain }) {
    const prober = shareProber();
    return Promise.resolve({
      name,
      domain: domain ?? name,
      ask: (request, signal) => prober.ask(request, signal),
      [Symbol.asyncDispose]: () => release(prober),
    });
  },
});

let shared: { readonly prober: Prober; users: number } | undefined;

/** One thread for all: a reload keeps it warm, and at the priority it was started with. */
function shareProber(): Prober {
  shared ??= { prober: new Prober(), users: 0 };
  shared.users += 1;
  return shared.prober;
}

async function release(prober: Prober): Promise<void> {
  if (shared === undefined) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  shared = undefined;
  await prober[Symbol.asyncDispose]();
}
