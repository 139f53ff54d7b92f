import { once } from "node:events";
import { request as plainRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as tlsRequest } from "node:https";
import { deadline } from "../../deadline.ts";
import { DeliveryError } from "../../model/errors.ts";
import type { EventRequest } from "../../model/event-request.ts";
import { urlWords } from "../../model/hide.ts";
import type { Sending } from "../action-type.ts";
import { beginningOf, hideSecrets, parseRetryAfter } from "../post.ts";
import type { Answer } from "../post.ts";
import { receiverUrl } from "../receiver-url.ts";
import { plainText } from "../text.ts";

const maxQuotedLength = 200;

/**
 * Sends a request as it is written and gives the answer, whatever it is. Not `fetch`, which folds headers of one name
 * together and gives no body to GET. Redirects are not followed: `post.ts` says why.
 * @throws DeliveryError when there is no answer. No error carries the address or a header: they are the secrets.
 */
export async function exchange(
  request: EventRequest,
  { timeoutMs, signal }: Pick<Sending, "signal"> & { readonly timeoutMs: number },
): Promise<Answer> {
  const url = receiverUrl(request.url);
  if (url === null) throw new DeliveryError("url is no address to call", { permanent: true });
  using limit = deadline(signal, timeoutMs);
  const asking = prepare(request, url, limit.signal);
  try {
    const answered = once(asking, "response");
    asking.end(request.body ?? undefined);
    const [response] = (await answered) as [IncomingMessage];
    const body = await beginningOf(response);
    // What was not read is not waited for.
    response.destroy();
    const secrets = [
      ...urlWords(url),
      ...request.headers.flatMap(([, value]) => [value, ...value.split(/\s+/)]),
    ];
    return {
      status: response.statusCode ?? 0,
      retryAfterMs: parseRetryAfter(response.headers["retry-after"] ?? null, Date.now()),
      text: plainText(hideSecrets(body, secrets), maxQuotedLength),
      body,
    };
  } catch (error) {
    throw new DeliveryError("the request failed", { permanent: false, cause: error });
  }
}

function prepare({ method, headers, body }: EventRequest, url: URL, signal: AbortSignal): ClientRequest {
  const own: [string, string][] = [["User-Agent", "crosscheck"]];
  if (body !== null) own.push(["Content-Length", String(Buffer.byteLength(body))]);
  const written = Map.groupBy(headers, ([name]) => name.toLowerCase());
  const added = own.filter(([name]) => !written.has(name.toLowerCase()));
  const all = [...written.values()].map((pairs) => [pairs[0]?.[0], valueOf(pairs)]);
  const ask = url.protocol === "https:" ? tlsRequest : plainRequest;
  try {
    return ask(url, { method, headers: Object.fromEntries([...added, ...all]), agent: false, signal });
  } catch {
    // Without the cause: its message may have the value.
    throw new DeliveryError("a header has characters that HTTP does not allow", { permanent: true });
  }
}

/** A list only where it must be one: Node refuses it for some names, such as Host. */
function valueOf(pairs: EventRequest["headers"]): string | string[] {
  const values = pairs.map(([, value]) => value);
  return values.length === 1 ? values.join("") : values;
}
