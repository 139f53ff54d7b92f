/**
 * Alerts are written by strangers. Before their text reaches a person it loses what could forge lines or turn the
 * direction of reading: controls, invisible format characters (but for the joiners that emoji and scripts need) and
 * half characters; white space of any kind becomes one space.
 */
export function plainText(text: string, maxLength: number): string {
  const clean = text
    .toWellFormed()
    .replace(/(?![\s\u200c\u200d])[\p{Cc}\p{Cf}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  return cutText(clean, maxLength);
}

/**
 * Text of at most `maxLength` after `escape`, whose pieces stay whole: no cut inside a character or an entity. What was
 * cut ends in `…`.
 */
export function cutText(
  text: string,
  maxLength: number,
  escape: (character: string) => string = (character) => character,
): string {
  if (maxLength <= 0) return "";
  let whole = "";
  let shortened = "";
  for (const character of text) {
    whole += escape(character);
    if (whole.length > maxLength) return `${shortened.trimEnd()}…`;
    if (whole.length < maxLength) shortened = whole;
  }
  return whole;
}

/** The address as a browser would write it, if it is one that may be a link: http or https. */
export function webLink(text: string | null): string | null {
  const url = text === null ? null : URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : null;
}

/** `eu`, `eu and na`, `eu, na and apac`. */
export function wordList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** `3 alerts`, `1 alert`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `03:02Z`; with the day when `now` is another one. */
export function clock(time: number, now: number): string {
  const [day = "", hour = ""] = new Date(time).toISOString().split("T");
  const sameDay = new Date(now).toISOString().startsWith(day);
  return `${sameDay ? "" : `${day} `}${hour.slice(0, 5)}Z`;
}

/** `90 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: at most two units, as people say it. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120 && seconds !== 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return twoUnits([hours, "h"], [minutes % 60, "min"]);
  return twoUnits([Math.floor(hours / 24), "d"], [hours % 24, "h"]);
}

function twoUnits(...units: [number, string][]): string {
  return units
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}
