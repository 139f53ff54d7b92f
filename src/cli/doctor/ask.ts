import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";

/** An answer, as much of it as anybody looks at. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const mostBytes = 64 * 1024;

/**
 * GET, redirects not followed.
 * @param trusting takes any certificate: for our own address on this machine, which no certificate names
 * @throws the error of the connection
 */
export function ask(
  url: URL,
  { signal, trusting = false }: { readonly signal: AbortSignal; readonly trusting?: boolean },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { signal, agent: false, headers: { "user-agent": "crosscheck" } };
  const asking =
    url.protocol === "https:"
      ? overHttps(url, { ...options, rejectUnauthorized: !trusting })
      : overHttp(url, options);
  asking.on("error", reject);
  asking.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => {
      if (text.length < mostBytes) text += part;
      else response.destroy();
    });
    response.on("error", reject);
    response.on("close", () => resolve({ status: response.statusCode ?? 0, text }));
  });
  asking.end();
  return promise;
}
