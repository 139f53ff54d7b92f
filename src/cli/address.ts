import { parseAddress } from "../config/values.ts";
import type { Address } from "../config/values.ts";
import { UsageError } from "./usage.ts";

/** @throws UsageError for anything but HOST:PORT; `given` is the option or the variable that it comes from. */
export function addressOf(text: string, given = "--listen"): Address {
  const address = parseAddress(text);
  if (address === undefined)
    throw new UsageError(`${given}: "${text}" is not HOST:PORT, such as 127.0.0.1:8082`);
  return address;
}
