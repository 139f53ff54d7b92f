/** The longest name in bytes, lengths included (RFC 1035 §2.3.4), and how many labels it can have. */
const nameLimit = 255;
const labelLimit = 127;

/** A DNS message from front to back. Whatever is beyond its end is a RangeError. */
export class Reader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  uint8(): number {
    return this.bytes(1).readUInt8();
  }

  uint16(): number {
    return this.bytes(2).readUInt16BE();
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  skip(length: number): void {
    this.bytes(length);
  }

  bytes(length: number): Buffer {
    if (length > this.left) throw new RangeError(`it ends ${length - this.left} bytes too early`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** The next bytes by themselves; names in them may still point to all that is before. */
  part(length: number): Reader {
    this.bytes(length);
    return new Reader(this.#bytes, this.#at - length, this.#at);
  }

  /** A name in lower case without the dot at its end; `.` is the root. */
  name(): string {
    return readName(this, this.#at, (to) => new Reader(this.#bytes, to));
  }
}

/**
 * Names may end with a pointer to an earlier one (§4.1.4). Each has to lead further to the front, and there are no more
 * of them than a name has labels, so that names cannot loop nor take long.
 */
function readName(first: Reader, at: number, jump: (to: number) => Reader): string {
  const labels: string[] = [];
  let [reader, start, length, jumps] = [first, at, 1, 0];
  for (let size = reader.uint8(); size > 0; size = reader.uint8()) {
    if (size >= 0xc0) {
      const to = ((size & 0x3f) << 8) | reader.uint8();
      jumps += 1;
      if (to >= start || jumps > labelLimit) throw new RangeError("a name that leads nowhere");
      start = to;
      reader = jump(to);
      continue;
    }
    length += size + 1;
    if (size > 63 || length > nameLimit) throw new RangeError("a name without an end");
    labels.push(printable(reader.bytes(size)));
  }
  return labels.join(".") || ".";
}

/** Dots within labels, and what cannot be seen, as zone files write them (§5.1). */
function printable(label: Buffer): string {
  return label
    .toString("latin1")
    .toLowerCase()
    .replaceAll(/[.\\]/g, (character) => `\\${character}`)
    .replaceAll(/[^\x21-\x7e]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, "0")}`);
}
