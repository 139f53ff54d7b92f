/**
 * The one place that knows how a secret looks when it comes back: receivers, targets and locations repeat what they were
 * told, as they like to write it, and what they say is kept and shown.
 */
import { secretsIn } from "./secret.ts";

export type Hide = (text: string) => string;

/** What is shorter is found in any text, by chance. */
const shortest = 8;

const nothing: Hide = (text) => text;

/**
 * Cuts the texts out, in upper or lower case, also as JSON, URLs, HTML, base64 and hex write them; those of fewer than
 * `least` characters stay. A text that was cut in the middle of one loses the part, too.
 */
export function hiding(texts: readonly string[], least = shortest): Hide {
  const long = [...new Set(texts)].filter((text) => text.length >= least);
  if (long.length === 0) return nothing;
  const forms = new Set(long.flatMap(formsOf));
  // What is a part of another is cut after it.
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((form) => RegExp.escape(form)).join("|"), "gi");
  return (text) => withoutStart(text.replace(pattern, "[secret]"), long);
}

/** Every secret in plain data, revealed: whole, by its words, and what of an address may be a password. */
export function hidingSecrets(revealed: unknown, least = shortest): Hide {
  const texts = secretsIn(revealed).map(({ secret }) => secret.reference);
  return hiding(texts.flatMap(wordsOf), least);
}

/** A header without its scheme, each cookie without its name, the fields of a form; the parts of an address. */
export function wordsOf(text: string): readonly string[] {
  const words = text.split(/[\s;&]+/).flatMap((word) => [word, word.slice(word.indexOf("=") + 1)]);
  const url = /^\s*[a-z][a-z\d+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  return [text, ...words, ...(url === null ? [] : urlWords(url))];
}

/** What of an address may be a password, as error pages quote it: the path, its parts, and the values of its query. */
export function urlWords(url: URL): readonly string[] {
  const path = [url.pathname + url.search, url.pathname, ...url.pathname.split("/")];
  return [url.href, ...path, ...url.searchParams.values(), url.password];
}

/** A copy of plain data, names included, in which nothing is seen of what `hide` hides. */
export function hideIn<T>(value: T, hide: Hide): T {
  if (hide === nothing) return value;
  if (typeof value === "string") return hide(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => hideIn(item, hide)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [hide(key), hideIn(item, hide)])) as T;
}

/** All that one of them does, and then the next. */
export function hidingAll(hides: readonly (Hide | undefined)[]): Hide {
  const some = hides.filter((hide) => hide !== undefined && hide !== nothing) as readonly Hide[];
  return some.length === 0 ? nothing : (text) => some.reduce((hidden, hide) => hide(hidden), text);
}

function formsOf(text: string): readonly string[] {
  const inUrl = text.toWellFormed();
  const inHtml = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quoted = inHtml.replaceAll('"', "&quot;");
  const json = JSON.stringify(text).slice(1, -1);
  return [
    text,
    json,
    // As a string in JSON that is a string in JSON.
    JSON.stringify(json).slice(1, -1),
    json.replaceAll("/", String.raw`\/`),
    encodeURI(inUrl),
    encodeURIComponent(inUrl),
    new URLSearchParams({ "": inUrl }).toString().slice(1),
    inHtml,
    ...["&#39;", "&#x27;", "&#039;"].map((apostrophe) => quoted.replaceAll("'", apostrophe)),
    Buffer.from(text).toString("hex"),
    ...base64Forms(Buffer.from(text)),
  ];
}

/**
 * What base64 makes of bytes with anything before and behind them: a character is six bits, so that there are three ways,
 * and the characters at both ends belong to the neighbours as well.
 */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64url");
    const whole = (before + bytes.length) % 3 === 0;
    const own = all.slice(before === 0 ? 0 : before + 1, whole ? undefined : -1);
    return [own, own.replaceAll("-", "+").replaceAll("_", "/")];
  });
}

/** Where a text ends in the first half of a secret or more, it was cut. */
function withoutStart(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) {
    const least = Math.max(shortest, Math.ceil(secret.length / 2));
    for (let length = secret.length - 1; length >= least; length -= 1)
      if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}[secret]`;
  }
  return text;
}
