import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { Certificate } from "../../../test/fixtures/certificates.ts";

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, dots undone. */
  readonly data: string;
  readonly user: string | null;
  readonly isEncrypted: boolean;
}

/** What the server says to a command line, such as `RCPT TO:<a@b>`; undefined: what servers say; null: nothing, ever. */
export type Saying = (line: string) => string | null | undefined;

interface Options {
  /** Offers STARTTLS with it, or speaks TLS from the start. */
  readonly certificate?: Certificate;
  readonly implicit?: boolean;
  readonly say?: Saying;
}

export interface SmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Every line that came in as a command. */
  readonly lines: readonly string[];
}

/** A mail server as RFC 5321, 3207 and 4954 (PLAIN) have it, without pipelining. */
export async function startSmtpServer({
  certificate,
  implicit = false,
  say = () => undefined,
}: Options = {}): Promise<SmtpServer> {
  const mails: Mail[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    const session = new Session(socket, { certificate, isEncrypted: implicit, say, mails, lines });
    session.greet();
  };
  const server: Server =
    implicit && certificate !== undefined ? createTlsServer(certificate, serve) : createTcpServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    lines,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface Surroundings {
  readonly certificate: Certificate | undefined;
  readonly isEncrypted: boolean;
  readonly say: Saying;
  readonly mails: Mail[];
  readonly lines: string[];
}

class Session {
  #socket: Socket;
  readonly #around: Surroundings;
  #buffer = "";
  #isEncrypted: boolean;
  #isInData = false;
  #user: string | null = null;
  #from = "";
  #to: string[] = [];

  constructor(socket: Socket, around: Surroundings) {
    this.#socket = socket;
    this.#around = around;
    this.#isEncrypted = around.isEncrypted;
    this.#listen();
  }

  greet(): void {
    const said = this.#around.say("");
    if (said !== null) this.#answer(said ?? "220 mail.test ESMTP");
  }

  #listen(): void {
    this.#socket.on("error", () => undefined);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#buffer += chunk.toString("latin1");
      this.#read();
    });
  }

  #read(): void {
    for (;;) {
      const end = this.#buffer.indexOf(this.#isInData ? "\r\n.\r\n" : "\r\n");
      if (end === -1) return;
      const piece = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + (this.#isInData ? 5 : 2));
      if (this.#isInData) this.#takeMail(piece);
      else this.#take(piece);
    }
  }

  #take(line: string): void {
    this.#around.lines.push(line);
    const said = this.#around.say(line);
    if (said === null) return;
    const answer = said ?? this.#usual(line);
    this.#answer(answer);
    const isTaken = /^[23]/.test(answer);
    const [, address = ""] = /^(?:MAIL FROM|RCPT TO):<([^>]*)>/i.exec(line) ?? [];
    if (isTaken && /^MAIL/i.test(line)) this.#from = address;
    if (isTaken && /^RCPT/i.test(line)) this.#to.push(address);
    if (answer.startsWith("354")) this.#isInData = true;
    if (isTaken && /^AUTH PLAIN /i.test(line)) this.#user = userIn(line);
    if (isTaken && /^STARTTLS/i.test(line)) this.#encrypt();
    if (answer.startsWith("221")) this.#socket.end();
  }

  #usual(line: string): string {
    const [command = ""] = line.toUpperCase().split(" ");
    if (command === "EHLO") return this.#greeting();
    if (command === "STARTTLS") return this.#around.certificate === undefined ? "502 no" : "220 go ahead";
    if (command === "AUTH") return "235 2.7.0 accepted";
    if (command === "DATA") return this.#to.length > 0 ? "354 go on" : "503 no recipients";
    if (command === "QUIT") return "221 bye";
    return ["MAIL", "RCPT", "RSET", "NOOP"].includes(command) ? "250 2.1.0 ok" : "502 unknown";
  }

  #greeting(): string {
    const { certificate } = this.#around;
    const offers = certificate !== undefined && !this.#isEncrypted ? ["STARTTLS"] : [];
    return ["250-mail.test", ...offers.map((word) => `250-${word}`), "250 AUTH PLAIN"].join("\r\n");
  }

  #takeMail(data: string): void {
    this.#isInData = false;
    const said = this.#around.say(".");
    if (said === null) return;
    const answer = said ?? "250 2.0.0 queued";
    if (answer.startsWith("2"))
      this.#around.mails.push({
        from: this.#from,
        to: this.#to,
        data: data.replaceAll("\r\n..", "\r\n."),
        user: this.#user,
        isEncrypted: this.#isEncrypted,
      });
    this.#to = [];
    this.#answer(answer);
  }

  #encrypt(): void {
    this.#socket.removeAllListeners("data");
    this.#socket = new TLSSocket(this.#socket, { isServer: true, ...this.#around.certificate });
    this.#isEncrypted = true;
    this.#listen();
  }

  #answer(text: string): void {
    if (text === "reset") this.#socket.destroy();
    else this.#socket.write(`${text}\r\n`);
  }
}

function userIn(line: string): string {
  const [, user = ""] = Buffer.from(line.split(" ")[2] ?? "", "base64")
    .toString()
    .split("\0");
  return user;
}
