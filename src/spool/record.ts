import { crc32 } from "node:zlib";
import * as z from "zod";
import { alertStatus } from "../model/alert.ts";
import type { Alert } from "../model/alert.ts";

/**
 * A record of the spool: the length of its payload and the payload's CRC-32 (4 bytes each, little endian), then the
 * payload. An alert is the byte 1, the length of its JSON (4 bytes), the JSON without the body, and the body to the end;
 * a mark that alerts have been told is the byte 2 and their ids as a JSON list.
 */
export type SpoolRecord = { readonly alert: Alert } | { readonly told: readonly string[] };

const headBytes = 8;
const alertKind = 1;
const toldKind = 2;
/** No alert is larger: a longer length is not one of ours. */
const maxPayloadBytes = 1024 * 1024 * 1024;

const alertHead = z.object({
  id: z.string(),
  receivedAt: z.number(),
  source: z.string(),
  onlyRoute: z.string().nullable(),
  contentType: z.string().nullable(),
  status: alertStatus,
  dedupKey: z.string().nullable(),
  targetUrl: z.string().nullable(),
  fault: z.string().nullable(),
});

export function encodeAlert({ body, ...head }: Alert): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return framed([Buffer.of(alertKind), length, json, body]);
}

export function encodeTold(ids: readonly string[]): Buffer {
  return framed([Buffer.of(toldKind), Buffer.from(JSON.stringify(ids))]);
}

function framed(parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(payload.length);
  head.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

/** What could be read of a file. */
export interface Reading {
  readonly records: readonly SpoolRecord[];
  /**
   * `torn`: its end is missing, as when a process dies while it writes; nobody was told that this part is kept. `damaged`:
   * something in the middle is not what was written.
   */
  readonly state: "whole" | "torn" | "damaged";
}

/** Every record that is as it was written. One that is not is left out, and those behind it are read all the same. */
export function readRecords(file: Buffer): Reading {
  const records: SpoolRecord[] = [];
  let damaged = false;
  let offset = 0;
  while (file.length - offset >= headBytes) {
    const length = file.readUInt32LE(offset);
    const start = offset + headBytes;
    // A length that leads out of the file is that of a torn record, or no length at all: nothing follows.
    if (length > Math.min(maxPayloadBytes, file.length - start)) break;
    const payload = file.subarray(start, start + length);
    offset = start + length;
    const isLast = offset === file.length;
    const record = length > 0 && crc32(payload) === file.readUInt32LE(start - 4) ? parse(payload) : undefined;
    if (record !== undefined) records.push(record);
    // The room for the last record may be there before its bytes are.
    else if (isLast || isBlank(file.subarray(start - headBytes)))
      return { records, state: damaged ? "damaged" : "torn" };
    else damaged = true;
  }
  if (damaged) return { records, state: "damaged" };
  return { records, state: offset === file.length ? "whole" : "torn" };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function parse(payload: Buffer): SpoolRecord | undefined {
  try {
    if (payload[0] === toldKind)
      return { told: z.array(z.string()).parse(JSON.parse(payload.toString("utf8", 1))) };
    if (payload[0] !== alertKind) return undefined;
    const bodyAt = 5 + payload.readUInt32LE(1);
    const head = alertHead.parse(JSON.parse(payload.toString("utf8", 5, bodyAt)));
    return { alert: { ...head, body: new Uint8Array(payload.subarray(bodyAt)) } };
  } catch {
    return undefined;
  }
}
