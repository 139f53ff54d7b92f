const [quote, backslash] = [0x22, 0x5c];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** Whether JSON is nested deeper than so many levels, by its brackets; what is no JSON is told by its parser. */
export function isDeeperThan(body: Uint8Array, limit: number): boolean {
  // What is closed again takes two bytes a level.
  if (body.length <= 2 * limit) return false;
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] as number;
    if (byte === quote) at = endOfText(body, at);
    else if (opening.has(byte)) depth += 1;
    else if (closing.has(byte)) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

/** Where the text ends that begins there. */
function endOfText(body: Uint8Array, start: number): number {
  for (let at = body.indexOf(quote, start + 1); at !== -1; at = body.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (body[at - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return body.length;
}
