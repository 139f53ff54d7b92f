/** A claim stands in names and short texts; long ones are logs and pages, of which the beginning is read. */
const longestText = 1000;
const mostTexts = 2000;
const mostNodes = 5000;

/**
 * The texts among the values of a JSON document, from the top down, as many and as much of each as is read for claims; each
 * once, for a hundred alerts of one group say the same in most of their labels.
 */
export function textsOf(document: unknown): string[] {
  const texts = new Set<string>();
  let level: unknown[] = [document];
  let nodes = 0;
  while (level.length > 0 && texts.size < mostTexts && nodes < mostNodes) {
    const next: unknown[] = [];
    for (const value of level) {
      if (++nodes > mostNodes || texts.size >= mostTexts) break;
      if (typeof value === "string") texts.add(value.slice(0, longestText));
      else if (typeof value === "object" && value !== null) pushSome(next, Object.values(value));
    }
    level = next;
  }
  return [...texts];
}

function pushSome(to: unknown[], values: readonly unknown[]): void {
  for (const value of values.slice(0, mostNodes)) to.push(value);
}
