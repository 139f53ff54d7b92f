import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What came back for requests that were sent in one go. */
export interface RawAnswers {
  readonly answers: readonly RawAnswer[];
  /** What is wrong with the bytes themselves. */
  readonly malformed: string | undefined;
  readonly end: "all answered" | "closed" | "no answer in time";
}

/** Thrown for bytes that are no answer. */
class Malformed extends Error {}

const patienceMs = 30_000;

/** A connection that writes bytes as they are, whatever they are, and reads HTTP/1.1 to the letter. */
export class RawConnection implements Disposable {
  readonly #socket: Socket;
  /** latin1: a character a byte. */
  #received = "";
  #wake: () => void = () => undefined;
  closed = false;

  private constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: false });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => {
      this.#received += text;
      this.#wake();
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const connection = new RawConnection(hostname, Number(port));
    await once(connection.#socket, "connect");
    return connection;
  }

  /**
   * Sends everything at once and waits for an answer to each.
   * @param methods of the requests, which say whether an answer has a body
   * @param hangUp ends our side after the last byte, for requests that may never be whole
   */
  async exchange(
    pieces: readonly Uint8Array[],
    methods: readonly string[],
    { hangUp = false } = {},
  ): Promise<RawAnswers> {
    for (const piece of pieces) this.#socket.write(piece);
    if (hangUp) this.#socket.end();
    const answers: RawAnswer[] = [];
    const deadline = performance.now() + patienceMs;
    try {
      while (answers.length < methods.length) {
        const answer = this.#next(methods[answers.length] ?? "");
        if (answer !== undefined) answers.push(answer);
        else if (this.closed) break;
        else if (performance.now() > deadline)
          return { answers, malformed: undefined, end: "no answer in time" };
        else await this.#more(deadline - performance.now());
      }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { answers, malformed: error.message, end: "closed" };
    }
    const half = this.closed && answers.length < methods.length && this.#received !== "";
    return {
      answers,
      malformed: half ? `the connection ended within an answer: ${this.#received.slice(0, 200)}` : undefined,
      end: answers.length === methods.length ? "all answered" : "closed",
    };
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #more(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, Math.max(1, limitMs));
    await promise;
    clearTimeout(timer);
  }

  /** The next whole answer, taken off what was received; undefined while it is not whole. */
  #next(method: string): RawAnswer | undefined {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) {
      if (this.#received !== "" && !"HTTP/1.1 ".startsWith(this.#received.slice(0, 9)))
        throw new Malformed(`no status line: ${this.#received.slice(0, 200)}`);
      return undefined;
    }
    const { status, headers } = headOf(this.#received.slice(0, end));
    const from = end + 4;
    if (status < 200) {
      this.#received = this.#received.slice(from);
      return this.#next(method);
    }
    const body = bodyAt(this.#received, from, { status, headers, method, closed: this.closed });
    if (body === undefined) return undefined;
    this.#received = this.#received.slice(body.end);
    return { status, headers, body: Buffer.from(body.text, "latin1").toString() };
  }
}

function headOf(text: string): { status: number; headers: Map<string, string> } {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e]*$/.exec(first)?.[1];
  if (status === undefined) throw new Malformed(`no status line: ${first.slice(0, 200)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const parts = /^([\w!#$%&'*+.^`|~-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
    if (parts === null) throw new Malformed(`no header line: ${line.slice(0, 200)}`);
    headers.set((parts[1] ?? "").toLowerCase(), parts[2] ?? "");
  }
  return { status: Number(status), headers };
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly method: string;
  /** Whether more can come. */
  readonly closed: boolean;
}

function bodyAt(text: string, from: number, { status, headers, method, closed }: Head) {
  if (method === "HEAD" || status === 204 || status === 304) return { text: "", end: from };
  if (headers.get("transfer-encoding") === "chunked") return chunksAt(text, from);
  const length = headers.get("content-length");
  if (length === undefined) {
    if (headers.get("connection")?.toLowerCase() !== "close")
      throw new Malformed(`an answer ${status} without an end`);
    return closed ? { text: text.slice(from), end: text.length } : undefined;
  }
  if (!/^\d+$/.test(length)) throw new Malformed(`content-length: ${length}`);
  const end = from + Number(length);
  return text.length < end ? undefined : { text: text.slice(from, end), end };
}

function chunksAt(text: string, from: number): { text: string; end: number } | undefined {
  let body = "";
  for (let at = from; ;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = text.slice(at, lineEnd);
    if (!/^[\da-f]+$/i.test(size)) throw new Malformed(`a chunk of the size ${size.slice(0, 50)}`);
    const end = lineEnd + 2 + Number.parseInt(size, 16);
    if (text.length < end + 2) return undefined;
    if (text.slice(end, end + 2) !== "\r\n") throw new Malformed("a chunk that does not end where it says");
    if (end === lineEnd + 2) return { text: body, end: end + 2 };
    body += text.slice(lineEnd + 2, end);
    at = end + 2;
  }
}
