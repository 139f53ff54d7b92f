/** Some targets send back what they were sent, and what they send is kept and shown: without the check's secrets. */
import { hiding, wordsOf, type Hide } from "../../model/hide.ts";
import type { HeaderSettings } from "./headers.ts";

/** Configured headers that nobody keeps secret. */
const openHeaders = /^(accept|accept-.*|cache-control|host|origin|referer|user-agent)$/i;

/** Whole, and by their parts: the token without `Bearer`, each cookie without its name. */
export function hidingHeaders(headers: HeaderSettings): Hide {
  const kept = Object.entries(headers).filter(([name]) => !openHeaders.test(name));
  return hiding(kept.flatMap(([, { reference }]) => wordsOf(reference)));
}
