import type { Finding, Path } from "./finding.ts";

/** What one look at the file's data gives. */
interface Examined {
  readonly findings: readonly Finding[];
}

/**
 * Looks at the data again and again, each time without what the look before had something against, until what is left can
 * be used. Findings are those of all looks, in terms of the data as a whole.
 *
 * 1. A fault says what has to go (`cut`): a key, an entry; some can be lived with.
 * 2. If that has gone already and the fault is still there, what it stood in goes.
 * 3. When nothing more can go the last look is the result, whatever it is.
 */
export function examineLeniently<Result extends Examined>(
  data: unknown,
  examine: (data: unknown) => Result,
): Result {
  const findings = new Map<string, Finding>();
  for (let cuts: ReadonlySet<string> = new Set(); ;) {
    const result = examine(withoutCuts(data, [], cuts));
    const more = new Set(cuts);
    for (const finding of result.findings) {
      const path = originOf(finding.path, cuts);
      // What is said of a name lists the names there are, which become fewer: the last list counts.
      const [head] = finding.message.split(": ");
      findings.set(JSON.stringify([path, head]), { ...finding, path });
      if (finding.severity === "error" && finding.cut !== undefined)
        more.add(nextCut(cuts, originOf(finding.cut, cuts)));
    }
    if (more.size === cuts.size) return { ...result, findings: [...findings.values()] };
    cuts = more;
  }
}

/** What has to go, or the innermost around it that has not gone yet. */
function nextCut(cuts: ReadonlySet<string>, path: Path): string {
  const around = path.map((_, outside) => keyOf(path.slice(0, path.length - outside)));
  return around.find((key) => !cuts.has(key)) ?? keyOf(path.slice(0, 1));
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function withoutCuts(value: unknown, path: Path, cuts: ReadonlySet<string>): unknown {
  const left = (step: string | number) => !cuts.has(keyOf([...path, step]));
  const inner = (member: unknown, step: string | number) => withoutCuts(member, [...path, step], cuts);
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => (left(index) ? [inner(item, index)] : []));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (left(key) ? [[key, inner(member, key)]] : [])),
  );
}

/** Where something stood before the items in front of it went. */
function originOf(path: Path, cuts: ReadonlySet<string>): Path {
  return path.reduce<Path>((origin, step) => {
    if (typeof step !== "number") return [...origin, step];
    let index = step;
    for (let at = 0; at <= index; at += 1) if (cuts.has(keyOf([...origin, at]))) index += 1;
    return [...origin, index];
  }, []);
}
