/** An escape, a class, or what else has to be written otherwise in a JavaScript regular expression. */
const parts = /\\.|\[(?:\\.|[^\]\\])*\]|\./gsu;

/**
 * An I-Regexp (RFC 9485) as a regular expression of JavaScript, by its §5.3; undefined when it is none. What JavaScript
 * knows beyond I-Regexps, such as `^` and `\d`, means what it means there.
 */
export function fromIRegexp(pattern: string, whole: boolean): RegExp | undefined {
  const source = pattern.replace(parts, (part) => {
    if (part === ".") return String.raw`[^\n\r]`;
    return part === String.raw`\-` ? "-" : part;
  });
  try {
    return RegExp(whole ? `^(?:${source})$` : source, "u");
  } catch {
    return undefined;
  }
}
