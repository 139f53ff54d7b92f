import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { deadline } from "../deadline.ts";

const timeoutMs = 5000;
const maxBytes = 65_536;

/**
 * The text at an https address that a sender's message names and its source has judged: at most 64 KiB, within 5 s, and no
 * redirect is followed. `options` go to `https.request` beside what is said here.
 * @throws Error with one line when the answer is not 200, is too large, or does not come
 */
export async function getText(url: URL, options: RequestOptions = {}): Promise<string> {
  using limit = deadline(new AbortController().signal, timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { "user-agent": "crosscheck" };
  const sent = request(url, { ...options, headers, signal: limit.signal, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on("error", reject);
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= maxBytes) return;
      reject(new Error(`${url.host} answered more than ${maxBytes} bytes`));
      sent.destroy();
    });
    response.on("end", () => {
      if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString());
      else reject(new Error(`${url.host} answered ${response.statusCode}`));
    });
  });
  sent.on("error", reject);
  sent.end();
  try {
    return await promise;
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : error;
  }
}
