import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Each line by itself: name, value, name, value. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A receiver on this machine that answers as it is told to, and remembers what it got. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
}

/** How a receiver answers; one that leaves `response` alone hangs. */
export type Answering = (response: ServerResponse, request: Received) => unknown;

export async function startReceiver(answer: Answering): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const take = async () => {
      const { method = "", url: path = "", headers, rawHeaders } = request;
      const whole = { method, path, headers, rawHeaders, body: await text(request) };
      received.push(whole);
      answer(response, whole);
    };
    void take();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with a status, a body and headers. */
export function answering(status: number, body = "", headers: Record<string, string> = {}): Answering {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Cuts the connection without a word. */
export const resetting: Answering = (response) => response.destroy();

/** Never answers. */
export const hanging: Answering = () => {};

/** Never ends its answer. */
export const endless: Answering = (response) => {
  response.writeHead(200);
  const more = () => {
    if (response.writable) response.write("x".repeat(65_536), more);
  };
  more();
};

/** Begins to answer, and breaks off. */
export const breakingOff: Answering = (response) =>
  response.writeHead(202).write("begun", () => response.destroy());

/** An error page that quotes what it was sent. */
export const echoing: Answering = (response, { path, headers }) =>
  response.writeHead(404).end(`Cannot POST ${path} with ${JSON.stringify(headers)}`);
