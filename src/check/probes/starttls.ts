/** SMTP up to the point where TLS begins: RFC 5321 §4.2 (replies), RFC 3207 (STARTTLS). */
import { isIPv6, type Socket } from "node:net";
import { abortable } from "../abortable.ts";
import { ProbeFailure } from "../failure.ts";
import { broken, reasonOf, within } from "./connection.ts";

/** A reply's code, and its lines without it. */
interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
}

/** RFC 5321 §4.5.3.1.5 gives a line 512 bytes, and no server has many to say. */
const replyLimit = 16_384;

/**
 * Leads a mail server to TLS: its greeting, EHLO, STARTTLS. The handshake is next, on the same connection.
 * @throws ProbeFailure of `tls.starttls` for a server that refuses, closes or does not speak SMTP; `tls.timeout` for one
 * that is silent; `tcp.reset`.
 */
export async function startTlsOverSmtp(socket: Socket, place: string, signal: AbortSignal): Promise<void> {
  const inbox = new Inbox(socket, place, signal);
  await inbox.expect(220, "the connection");
  socket.write(`EHLO ${addressLiteral(socket)}\r\n`);
  const { lines } = await inbox.expect(250, "EHLO");
  if (!lines.slice(1).some((line) => line.trim().toUpperCase() === "STARTTLS"))
    throw refusal(place, "does not offer STARTTLS");
  socket.write("STARTTLS\r\n");
  await inbox.expect(220, "STARTTLS");
  // Whoever sits between could have put it there, to be taken for what comes over TLS.
  if (inbox.close() > 0) throw refusal(place, "says more in clear text after its go-ahead for TLS");
}

/** Who asks, where a name is not known: RFC 5321 §4.1.3. */
function addressLiteral({ localAddress = "127.0.0.1" }: Socket): string {
  return isIPv6(localAddress) ? `[IPv6:${localAddress}]` : `[${localAddress}]`;
}

/** The replies of a server, one after the other. */
class Inbox {
  readonly #socket: Socket;
  readonly #place: string;
  readonly #signal: AbortSignal;
  readonly #chunks: AsyncIterator<Buffer>;
  #text = "";

  constructor(socket: Socket, place: string, signal: AbortSignal) {
    this.#socket = socket;
    this.#place = place;
    this.#signal = signal;
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** The next reply, which must have this code; `to` says what it answers. */
  async expect(wanted: number, to: string): Promise<Reply> {
    for (;;) {
      const reply = this.#take();
      if (reply?.code === wanted) return reply;
      if (reply !== undefined) {
        const said = `${reply.code} ${reply.lines[0]?.slice(0, 100)}`;
        throw refusal(this.#place, `answers ${to} with "${said.trim()}", not with ${wanted}`);
      }
      this.#text += await this.#more(to);
    }
  }

  /** Leaves the connection to others; how many characters were left over. */
  close(): number {
    void this.#chunks.return?.();
    return this.#text.length + this.#socket.readableLength;
  }

  /** A reply ends with the first line that has no hyphen behind its code. */
  #take(): Reply | undefined {
    const lines: string[] = [];
    let rest = this.#text;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end).replace(/\r$/, "");
      rest = rest.slice(end + 1);
      const [, code, hyphen, said = ""] = /^([2-5]\d\d)(?:(-)|[ \t]|$)(.*)$/.exec(line) ?? [];
      if (code === undefined) throw this.#nonsense(line);
      lines.push(said);
      if (hyphen !== undefined) continue;
      this.#text = rest;
      return { code: Number(code), lines };
    }
    if (this.#text.length > replyLimit) throw this.#nonsense(this.#text);
    return undefined;
  }

  async #more(to: string): Promise<string> {
    try {
      const { value, done } = await abortable(this.#chunks.next(), this.#signal);
      if (done !== true) return value.toString("latin1");
    } catch (error) {
      throw this.#failure(error, to);
    }
    throw refusal(this.#place, `closed the connection instead of answering ${to}`);
  }

  #failure(error: unknown, to: string): ProbeFailure {
    const options = { cause: error };
    if (this.#signal.aborted) {
      const silence = `${this.#place} did not answer ${to}${within(this.#signal)}`;
      return new ProbeFailure("tls.timeout", silence, options);
    }
    const what = `broke off instead of answering ${to}: ${reasonOf(error).message}`;
    return broken(error, this.#place) ?? refusal(this.#place, what, options);
  }

  #nonsense(line: string): ProbeFailure {
    return refusal(this.#place, `does not speak SMTP: it says ${JSON.stringify(line.slice(0, 80))}`);
  }
}

function refusal(place: string, what: string, options?: ErrorOptions): ProbeFailure {
  return new ProbeFailure("tls.starttls", `${place} ${what}`, options);
}
