import * as z from "zod";
import { name, settings } from "../../model/settings.ts";
import { defineLocation, placeKeys, placeOf } from "../location-type.ts";
import { Prober } from "../prober.ts";

/** The machine that Crosscheck runs on. Checks run in a thread of their own, so that nothing bends a timing. */
export const local = defineLocation({
  name: "local",
  settings: settings({
    type: z.literal("local"),
    name: name.describe("what routes call it"),
    ...placeKeys,
  }),
  open(settings) {
    const prober = shareProber();
    return Promise.resolve({
      name: settings.name,
      ...placeOf(settings),
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
