import { secret } from "../model/settings.ts";

/** The address of a receiver: one written into the file is looked at now, a reference when it is used. */
export const secretUrl = secret.refine(
  ({ reference }) => isReference(reference) || receiverUrl(reference) !== null,
  "not an address to post to: write http(s)://… without a user name, or $NAME or file:PATH that hold one",
);

/** `$NAME` or `file:PATH`: what it holds is not known before it is used. */
export function isReference(text: string): boolean {
  return /^(\$|file:)/.test(text);
}

/** Null for what cannot be posted to. `fetch` refuses a user name too, but with the whole address in its message. */
export function receiverUrl(text: string): URL | null {
  const url = URL.parse(text.trim());
  const usable = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return usable ? url : null;
}
