/** For connections that Node's own clients open: names are looked up by them, and what they get has been tested. */
import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import type { TargetOrigin } from "../model/probe-protocol.ts";
import { guard, resolve, type Lookup } from "./resolve.ts";

/** A URL that somebody else has written. */
export interface Wanted {
  readonly url: URL;
  readonly target: TargetOrigin;
  /** How names are resolved; the system's way when left out. */
  readonly lookup?: Lookup | undefined;
}

/**
 * The `lookup` for a request to a URL: it connects to addresses that the guard lets pass, as a probe does, and never asks
 * for the name again.
 * @throws ProbeFailure of `location.blocked-target` for a host that is such an address itself, which nobody looks up
 */
export function guardedLookup({ url, target, lookup }: Wanted): LookupFunction {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  if (isIP(host) !== 0) guard([{ address: host }], { host, port, hop: "first", target });
  const find = async (name: string): Promise<readonly LookupAddress[]> => {
    const never = new AbortController().signal;
    const sought = { host: name, port, hop: "first" } as const;
    return (await resolve(sought, { target, lookup }, never)).addresses;
  };
  return (name, { all = false }, callback) => void tell(find(name), { all, callback });
}

/** In either form that Node may want: all addresses, or one of them. */
async function tell(
  finding: Promise<readonly LookupAddress[]>,
  { all, callback }: { readonly all: boolean; readonly callback: Parameters<LookupFunction>[2] },
): Promise<void> {
  try {
    const found = await finding;
    if (all) callback(null, [...found]);
    else callback(null, found[0]?.address ?? "", found[0]?.family);
  } catch (error) {
    callback(error as NodeJS.ErrnoException, []);
  }
}
