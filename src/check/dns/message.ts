/**
 * DNS messages, as far as a client needs them: RFC 1035 §4, names of records by IANA's registry of DNS parameters. We
 * read them ourselves because c-ares tells neither the response code nor, for most types, the TTL, and hides what is
 * wrong with an answer.
 */
import { ProbeFailure } from "../failure.ts";
import { Reader } from "./reader.ts";
import { recordTypes, valueOf } from "./records.ts";

export interface DnsQuestion {
  /** Without the dot at its end. */
  readonly name: string;
  /** `AAAA` */
  readonly type: string;
}

export interface DnsRecord {
  /** In lower case, without the dot at its end; the root is `.`. */
  readonly name: string;
  /** `AAAA`; `TYPE64` for one that we do not know. */
  readonly type: string;
  /** seconds */
  readonly ttl: number;
  /** As a zone file has it, names in lower case and without a dot at their end. */
  readonly value: string;
}

export interface DnsMessage {
  /** `NOERROR`, `NXDOMAIN`; `RCODE12` for one that has no name. */
  readonly rcode: string;
  /** It was too long for the datagram: nothing of its answers has been read. */
  readonly truncated: boolean;
  readonly answers: readonly DnsRecord[];
}

const headLength = 12;
const internet = 1;
/** Names can be long and cost next to nothing to repeat: thousands of them would hold the thread for seconds. */
const mostAnswers = 500;
const recursionDesired = 0x0100;
const isAnswer = 0x8000;
const isTruncated = 0x0200;

const rcodes = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
];

/** A question on the wire, recursion desired. */
export function encodeQuestion(id: number, { name, type }: DnsQuestion): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  const head = Buffer.alloc(headLength);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(recursionDesired, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(recordTypes[type] ?? 0, 1);
  tail.writeUInt16BE(internet, 3);
  return Buffer.concat([
    head,
    ...labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, "latin1")]),
    tail,
  ]);
}

/** What is wrong with a name that shall be asked for (RFC 1035 §2.3.4); undefined: nothing. */
export function nameFault(name: string): string | undefined {
  const plain = name.replace(/\.$/, "");
  const labels = plain.split(".");
  const isSound = labels.every((label) => /^[\x21-\x5b\x5d-\x7e]{1,63}$/.test(label)) && plain.length <= 253;
  if (isSound || name === ".") return undefined;
  return `"${plain.length > 253 ? `${name.slice(0, 60)}…` : name}" is not a name that DNS could have`;
}

/**
 * An answer to the question with this id; undefined for a message that answers something else, or is no answer at all.
 * @throws ProbeFailure of `dns.protocol` for one that cannot be read (cut off, names that loop, lengths that lie); its
 * message says what was sent, and not by whom.
 */
export function decodeAnswer(bytes: Buffer, id: number, asked: DnsQuestion): DnsMessage | undefined {
  if (bytes.length < headLength) return undefined;
  try {
    return read(new Reader(bytes), id, asked);
  } catch (error) {
    // The reader's bounds are Node's own.
    if (!(error instanceof RangeError)) throw error;
    throw new ProbeFailure("dns.protocol", `a message that cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

function read(reader: Reader, id: number, asked: DnsQuestion): DnsMessage | undefined {
  if (reader.uint16() !== id) return undefined;
  const flags = reader.uint16();
  if ((flags & isAnswer) === 0) return undefined;
  const questions = reader.uint16();
  const count = reader.uint16();
  reader.skip(4);
  const rcode = rcodes[flags & 0xf] ?? `RCODE${flags & 0xf}`;
  // Servers that could not read the question do not repeat it.
  if (questions === 0 ? rcode === "NOERROR" : questions > 1 || !isSame(reader, asked)) return undefined;
  if (count > mostAnswers) throw new RangeError(`it says that it has ${count} answers`);
  const truncated = (flags & isTruncated) !== 0;
  return { rcode, truncated, answers: truncated ? [] : Array.from({ length: count }, () => record(reader)) };
}

function isSame(reader: Reader, { name, type }: DnsQuestion): boolean {
  const isName = reader.name() === (name.toLowerCase().replace(/\.$/, "") || ".");
  return reader.uint16() === recordTypes[type] && reader.uint16() === internet && isName;
}

function record(reader: Reader): DnsRecord {
  const name = reader.name();
  const number = reader.uint16();
  reader.skip(2);
  const ttl = reader.uint32();
  const length = reader.uint16();
  const type = Object.keys(recordTypes).find((key) => recordTypes[key] === number) ?? `TYPE${number}`;
  // RFC 2181 §8: 31 bits, and what has the highest one is none.
  return { name, type, ttl: ttl > 0x7fff_ffff ? 0 : ttl, value: valueOf(type, reader.part(length)) };
}
