import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One kept-alive HTTP/1.1 connection that sends one request at a time; as little work as possible for each. */
export class Connection implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #waiting: PromiseWithResolvers<number> | undefined;

  private constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#take(text));
    this.#socket.on("error", (error) => this.#waiting?.reject(error));
    this.#socket.on("close", () => this.#waiting?.reject(new Error("the connection was closed")));
  }

  /** Open, so that what is measured on it is requests only. */
  static async open(url: string): Promise<Connection> {
    const connection = new Connection(url);
    await once(connection.#socket, "connect");
    return connection;
  }

  /** The status of the answer, once it is whole. */
  send(request: string): Promise<number> {
    if (this.#socket.destroyed)
      return Promise.reject(new Error("the connection was closed while it lay idle"));
    this.#waiting = Promise.withResolvers();
    this.#socket.write(request, "latin1");
    return this.#waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd === -1 || !isWhole(this.#received, headEnd)) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = "";
    this.#waiting?.resolve(status);
  }
}

function isWhole(received: string, headEnd: number): boolean {
  const head = received.slice(0, headEnd).toLowerCase();
  const [, length] = /\ncontent-length: *(\d+)/.exec(head) ?? [];
  if (length !== undefined) return received.length - headEnd - 4 >= Number(length);
  return !head.includes("transfer-encoding: chunked") || received.endsWith("0\r\n\r\n");
}
