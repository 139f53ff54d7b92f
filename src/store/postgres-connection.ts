import { types, type Client, type PoolConfig } from "pg";
import { AwayError } from "./database.ts";

/** How every connection of ours is made. */
export function connectionSettings(url: string): PoolConfig {
  return {
    connectionString: url,
    application_name: "crosscheck",
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser: typeParser },
  };
}

const { INT8, NUMERIC, BYTEA } = types.builtins;

/** Counts, sums and times fit a number; a blob is a plain Uint8Array, as from SQLite. */
const typeParser: typeof types.getTypeParser = (oid, format) => {
  if (oid === INT8 || oid === NUMERIC) return Number;
  const parse = types.getTypeParser(oid, format) as (value: string) => unknown;
  return oid === BYTEA ? (value: string) => plainBytes(parse(value) as Buffer) : parse;
};

function plainBytes({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Never the URL itself: it may hold the password. */
export function openError({ host, port, database }: Client, cause: unknown): Error {
  const where = `PostgreSQL database ${database ?? ""} at ${host}:${port}`;
  const Kind = isAway(cause) ? AwayError : Error;
  return new Kind(`cannot open the ${where}: ${describe(cause)}`, { cause });
}

/** On the way there, by Node's codes; a host without a name is what a stopped container looks like to its neighbours. */
const unreachable = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);
/** PostgreSQL's: connection exceptions, no connection left, and a server that starts or stops. */
const unready = /^(?:08...|53300|57P0[1-5])$/;
/** What the driver says without a code. */
const cutOff = /^(?:timeout expired|Connection terminated)/;

function isAway(cause: unknown): boolean {
  const { message = "", code = "" } = cause as { message?: string; code?: string };
  return unreachable.has(code) || unready.test(code) || cutOff.test(message);
}

/** What went wrong on the way to the server, in its own words. */
export function describe(error: unknown): string {
  // Node reports a name with several addresses as an AggregateError without a message.
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
