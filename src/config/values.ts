import * as z from "zod";

const unitBytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const;

/** Bytes of `1 MB`, `512kB`; as in Postee a kB has 1024 bytes. Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)\s?(b|kb|mb|gb)$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [, amount, unit] = match;
  const bytes = Number(amount) * unitBytes[unit as keyof typeof unitBytes];
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** A size: text with a unit in the file, bytes in the code. */
export const size = z.codec(
  z.string().refine((text) => parseSize(text) !== undefined, {
    error: (issue) =>
      `"${String(issue.input)}" is not a size: write a number and a unit, such as 512 kB or 1 MB`,
  }),
  z.number().positive(),
  { decode: (text) => parseSize(text) ?? 0, encode: (bytes) => `${bytes} B` },
);

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:8082`, `localhost:0`, `[::1]:8082`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where to listen: `HOST:PORT` in the file. */
export const address = z.codec(
  z.string().refine((text) => parseAddress(text) !== undefined, {
    error: (issue) =>
      `"${String(issue.input)}" is not an address to listen on: write HOST:PORT, such as 127.0.0.1:8082`,
  }),
  z.custom<Address>(),
  { decode: (text) => parseAddress(text) ?? { host: "", port: 0 }, encode: formatAddress },
);

/** A link for people or a base of links. */
export const link = z.url({
  protocol: /^https?$/,
  error: "this is not a URL: write it whole, such as https://wiki.example/page",
});

/** A range of addresses in CIDR form. */
export const addressRange = z.union([z.cidrv4(), z.cidrv6()], {
  error: "this is not a range of addresses: write it in CIDR form, such as 10.0.0.0/8",
});
