import type { Config } from "../config/config.ts";
import { formatAddress } from "../config/values.ts";

/** What a reload cannot change, as a warning each: `began` is the configuration that the process was started with. */
export function restartHints({ server: began }: Config, { path, server: next }: Config): string[] {
  const keys = [
    { key: "listen", differs: formatAddress(began.listen) !== formatAddress(next.listen) },
    { key: "data", differs: began.data !== next.data },
    // Its files are read again; whether there is any is settled when the port is opened.
    { key: "tls", differs: (began.tls === null) !== (next.tls === null) },
  ];
  return keys
    .filter(({ differs }) => differs)
    .map(
      ({ key }) =>
        `${path}: warning: server.${key} has changed, which a reload cannot do: restart the server`,
    );
}
