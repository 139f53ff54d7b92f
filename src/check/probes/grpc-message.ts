/**
 * The two messages of grpc.health.v1 as they are sent: protobuf behind gRPC's prefix of five bytes, which says whether the
 * message is compressed and how long it is (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/health-checking.md). Pure.
 */

/** `HealthCheckRequest`: field 1 is the service's name, left out when empty. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = service === "" ? name : Buffer.concat([Buffer.of(0x0a), varint(name.length), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** `ServingStatus`, by number. */
const servingStatuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/**
 * The status in an answer of one `HealthCheckResponse`: `SERVING`, or the number of one that we do not know.
 * @throws Error whose message says what is wrong with the answer.
 */
export function healthOf(answer: Buffer): string {
  if (answer.length < 5) throw new Error(`its message is cut after ${answer.length} bytes`);
  const length = answer.readUInt32BE(1);
  if (answer.readUInt8(0) !== 0) throw new Error("its message is compressed, which nobody asked for");
  if (answer.length - 5 < length)
    throw new Error(`its message is cut after ${answer.length - 5} bytes of ${length}`);
  if (answer.length - 5 > length) throw new Error("there is something behind its message");
  const status = statusIn(answer.subarray(5));
  return servingStatuses[status] ?? String(status);
}

/** Field 1, 0 when it is left out, as protobuf has it; fields that we do not know are passed over. */
function statusIn(message: Buffer): number {
  const reader = new Reader(message);
  let status = 0;
  while (!reader.done) {
    const key = reader.varint();
    if (key === 0x08) status = reader.varint();
    else reader.skip(key % 8);
  }
  return status;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Of what needs more than 53 bits the value is not exact. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    throw new Error(notProtobuf);
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) {
      const length = this.varint();
      this.#at += length;
    } else if (wireType === 5) this.#at += 4;
    else throw new Error(notProtobuf);
    if (this.#at > this.#bytes.length) throw new Error(notProtobuf);
  }
}

const notProtobuf = "its message is not a HealthCheckResponse";

function varint(value: number): Buffer {
  const bytes = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.of(...bytes, rest);
}

/** github.com/grpc/grpc, doc/statuscodes.md, by number. */
const statusNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** `14 UNAVAILABLE` */
export function statusName(status: number): string {
  return `${status} ${statusNames[status] ?? "(no known status)"}`;
}

/** `grpc-message` is percent-encoded UTF-8; what is not is taken as it is. */
export function statusMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
