import { openFunction } from "../check/locations/function.ts";
import { locationTypeByName } from "../check/locations/index.ts";
import type { Location } from "../check/location-type.ts";
import type { Config } from "../config/config.ts";
import { hidingSecrets } from "../model/hide.ts";
import { revealSecrets } from "../model/secret.ts";
import { kindsOf } from "../notify/action-kinds.ts";
import type { Setup } from "../steps/context.ts";

/** A setup that closes its locations when it is retired and the last run on it has ended. */
export interface OpenSetup extends Setup {
  retire(): Promise<void>;
}

/** Opens what a configuration names. */
export async function openSetup(config: Config): Promise<OpenSetup> {
  await using opened = new AsyncDisposableStack();
  const locations = new Map<string, Location>();
  for (const settings of config.locations.values()) {
    const type = locationTypeByName.get(settings.type);
    if (type === undefined) throw new Error(`no location type is called ${settings.type}`);
    const revealed = revealSecrets(settings, config.secretSource);
    const location = opened.use(await type.open(revealed));
    locations.set(settings.name, { ...location, hide: hidingSecrets(revealed) });
  }
  for (const settings of config.functions.values()) {
    const revealed = revealSecrets(settings, config.secretSource);
    const location = opened.use(openFunction(revealed));
    locations.set(settings.name, { ...location, hide: hidingSecrets(revealed) });
  }
  const kinds = kindsOf(config.actions.values());
  const surroundings = {
    checks: config.checks,
    places: new Map([...locations.values()].map((location) => [location.name, placeOf(location, config)])),
    kinds,
    allowPrivateTargets: config.server.allowPrivateTargets,
    catalogue: config.data,
  };
  return { config, surroundings, locations, kinds, ...lifetime(opened.move()) };
}

function placeOf({ name, domain, provider, region }: Location, { locations }: Config) {
  return { domain, provider, region, egress: [...(locations.get(name)?.egress ?? [])] };
}

function lifetime(opened: AsyncDisposableStack): Pick<OpenSetup, "hold" | "retire"> {
  let holders = 0;
  const { promise: idle, resolve } = Promise.withResolvers<void>();
  let retired = false;
  const check = () => {
    if (retired && holders === 0) resolve();
  };
  return {
    hold() {
      holders += 1;
      return {
        [Symbol.dispose]() {
          holders -= 1;
          check();
        },
      };
    },
    async retire() {
      retired = true;
      check();
      await idle;
      await opened.disposeAsync();
    },
  };
}
