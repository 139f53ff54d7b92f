/** Some targets send back what they were sent, and what they send is kept and shown: without the check's secrets. */
import type { HeaderSettings } from "./headers.ts";

export type Hide = (text: string) => string;

/** What is shorter is found in any text, by chance. */
const shortest = 8;

/** Cuts the texts out, also as JSON, URLs and HTML write them; those of fewer than `least` characters stay. */
export function hiding(texts: readonly string[], least = shortest): Hide {
  const long = texts.filter((text) => text.length >= least);
  const forms = new Set(long.flatMap(formsOf));
  // What is a part of another is cut after it.
  const secrets = [...forms].toSorted((a, b) => b.length - a.length);
  return (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "[secret]"), text);
}

function formsOf(text: string): readonly string[] {
  const inUrl = text.toWellFormed();
  const inHtml = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quoted = inHtml.replaceAll('"', "&quot;");
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURI(inUrl),
    encodeURIComponent(inUrl),
    new URLSearchParams({ "": inUrl }).toString().slice(1),
    inHtml,
    ...["&#39;", "&#x27;", "&#039;"].map((apostrophe) => quoted.replaceAll("'", apostrophe)),
  ];
}

/** Configured headers that nobody keeps secret. */
const openHeaders = /^(accept|accept-.*|cache-control|host|origin|referer|user-agent)$/i;

/** Whole, and by their parts: the token without `Bearer`, each cookie without its name. */
export function hidingHeaders(headers: HeaderSettings): Hide {
  const kept = Object.entries(headers).filter(([name]) => !openHeaders.test(name));
  const words = kept.flatMap(([, { reference }]) => [reference, ...reference.split(/[\s;]+/)]);
  return hiding(words.flatMap((word) => [word, word.slice(word.indexOf("=") + 1)]));
}
