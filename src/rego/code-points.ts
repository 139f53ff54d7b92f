/** A text's code points: what Go calls runes, and what Rego counts and cuts by. */
export function runesOf(text: string): string[] {
  return Array.from(text);
}

/** Order by code point, as Go's order of UTF-8 bytes is; UTF-16's differs once a surrogate meets U+E000–U+FFFF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === end) return a.length - b.length;
  const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
  return aboveAll(x) - aboveAll(y);
}

/** Surrogates stand for code points beyond all the others. */
function aboveAll(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
