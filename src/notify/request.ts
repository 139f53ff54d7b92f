import { Agent, globalAgent, request as requestHttp, validateHeaderValue } from "node:http";
import type { AgentOptions, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { Agent as TlsAgent, globalAgent as globalTlsAgent, request as requestHttps } from "node:https";

export interface Posting {
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** The types of Node leave out what an agent was made with; that of HTTPS has it. */
const { options } = globalAgent as Agent & { readonly options: AgentOptions };

/** Agents like Node's own, proxies and all, but for each request a connection of its own. */
const fresh = {
  http: new Agent({ ...options, keepAlive: false }),
  https: new TlsAgent({ ...globalTlsAgent.options, keepAlive: false }),
};

/**
 * Posts; the answer's body is still to be read. Over Node's own agents, which keep connections for a few seconds and
 * heed proxies where Node is told to; `fetch` takes about twice the time for a request. A connection that its receiver
 * closed while it was idle is no failure of the receiver: the request goes again, once, over a new one. Nobody can tell
 * whether the receiver had read it before, which is so of every failure (docs/deliveries.md, Keys).
 * @throws what went wrong with the connection, or the signal's reason
 */
export async function post(url: URL, posting: Posting): Promise<IncomingMessage> {
  posting.signal.throwIfAborted();
  const answer = await postOnce(url, posting);
  if (answer !== "was-idle") return answer;
  const agent = url.protocol === "https:" ? fresh.https : fresh.http;
  const again = await postOnce(url, posting, agent);
  if (again === "was-idle") throw new Error("the connection was closed without an answer");
  return again;
}

/** Throws for what HTTP does not allow in a header. */
export function validateHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) validateHeaderValue(name, value);
}

/** `was-idle`: it went over a used connection that was closed before anything came back. */
function postOnce(
  url: URL,
  { headers, body, signal }: Posting,
  agent?: Agent,
): Promise<IncomingMessage | "was-idle"> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | "was-idle">();
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const sent = request(url, { method: "POST", headers, signal, agent });
  let isAnswered = false;
  sent.on("response", (response) => {
    isAnswered = true;
    resolve(response);
  });
  sent.on("error", (error: NodeJS.ErrnoException) => {
    const isClosed = error.code === "ECONNRESET" || error.code === "EPIPE";
    if (signal.aborted) reject(signal.reason as Error);
    else if (sent.reusedSocket && isClosed) resolve("was-idle");
    else reject(error);
  });
  // Such as an upgrade, which nobody asked for.
  sent.on("close", () => {
    // Closes every time: an error, with the stack that it takes, is made only where it is one.
    if (!isAnswered) reject(new Error("the connection was closed without an answer"));
  });
  sent.end(body);
  return promise;
}
