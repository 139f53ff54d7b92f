import type { Config } from "../../config/config.ts";
import { revealSecrets, Secret } from "../../model/secret.ts";
import type { SecretSource } from "../../model/secret.ts";
import { opsgenieHosts } from "../../notify/actions/opsgenie.ts";
import { receiverUrl } from "../../notify/receiver-url.ts";

/** Where somebody is told, and for whom: the rest of an address may be secret. */
export interface Receiver {
  readonly host: string;
  readonly port: number;
  /** It speaks TLS from the first byte. */
  readonly tls: boolean;
  /** Actions, or what else of the configuration names it. */
  readonly names: readonly string[];
}

type Place = Omit<Receiver, "names">;

/** Who has to be reached on the day: actions, votes, the watch outside; each place once. */
export function receiversOf({ actions, functions, server, secretSource }: Config): Receiver[] {
  const named = [
    ...[...actions.values(), ...functions.values()].map((settings) => ({ name: settings.name, settings })),
    ...(server.heartbeat === null ? [] : [{ name: "server.heartbeat", settings: server.heartbeat }]),
  ];
  const found = named.flatMap(({ name, settings }) =>
    placesOf(settings, secretSource).map((place) => ({ name, place })),
  );
  const groups = Map.groupBy(found, ({ place }) => JSON.stringify(place));
  return [...groups.values()].flatMap((same) => {
    const names = [...new Set(same.map(({ name }) => name))];
    return same.slice(0, 1).map(({ place }) => ({ ...place, names }));
  });
}

/**
 * Settings name a receiver by `url`, or where it has an API of its own by `api-url` or `region`; a mail server by `host` and
 * `port`. What runs on this machine names none.
 */
function placesOf(settings: object, source: SecretSource): Place[] {
  const keys: Readonly<Record<string, unknown>> = { ...revealSecrets(settings, source) };
  const { type, host, port, url, apiUrl, region } = keys;
  if (typeof host === "string" && typeof port === "number")
    return [{ host, port, tls: keys["tls"] === "implicit" || (keys["tls"] === undefined && port === 465) }];
  const own = type === "opsgenie" && (region === "us" || region === "eu") ? opsgenieHosts[region] : apiUrl;
  return [url ?? own].flatMap((text) => {
    const address = receiverUrl(text instanceof Secret ? text.reference : String(text));
    if (address === null) return [];
    const tls = address.protocol === "https:";
    const usual = tls ? 443 : 80;
    const host = address.hostname.replace(/^\[(.*)\]$/, "$1");
    return [{ host, port: address.port === "" ? usual : Number(address.port), tls }];
  });
}
