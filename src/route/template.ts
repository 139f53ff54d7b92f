import { RegoError, expression } from "../rego/index.ts";

/** A compiled Rego expression; undefined is Rego's own undefined. */
export interface Expression {
  value(input: unknown, data: unknown, limits?: { readonly budget: number }): unknown;
}

/** Text as it is, or a Rego expression that stands for text. */
export type TemplatePart =
  | { readonly text: string }
  | { readonly source: string; readonly expression: Expression };

/** A text with its expressions filled in, or the first of them that has no value. */
export type Rendered = { readonly text: string } | { readonly undefined: string };

export interface Template {
  readonly parts: readonly TemplatePart[];
  render(input: unknown, data: unknown): Rendered;
}

/** A template cannot be read; row and column count from 1 within the template's own text. */
export class TemplateError extends Error {
  override name = "TemplateError";
  readonly row: number;
  readonly col: number;

  constructor(message: string, place: Place, options?: ErrorOptions) {
    super(message, options);
    this.row = place.row;
    this.col = place.col;
  }
}

interface Place {
  readonly row: number;
  readonly col: number;
}

/**
 * Compiles text with Rego expressions in `{{ … }}`, such as `https://{{ input.host }}/health`.
 * @throws TemplateError
 */
export function compileTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (let open = text.indexOf("{{"); open !== -1; open = text.indexOf("{{", at)) {
    if (open > at) parts.push({ text: text.slice(at, open) });
    const close = endOfExpression(text, open + 2);
    if (close === undefined) throw new TemplateError("{{ has no }}", placeOf(text, open));
    parts.push(compilePart(text, { from: open + 2, to: close }));
    at = close + 2;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return { parts, render: (input, data) => renderParts(parts, input, data) };
}

function compilePart(text: string, range: { readonly from: number; readonly to: number }): TemplatePart {
  const written = text.slice(range.from, range.to);
  const source = written.trim();
  const start = placeOf(text, range.from + written.length - written.trimStart().length);
  if (source === "") throw new TemplateError("{{ }} is empty: write a Rego expression in it", start);
  try {
    return { source, expression: expression(source) };
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    const row = Math.max(error.row, 1);
    const col = Math.max(error.col, 1);
    const place = { row: start.row + row - 1, col: row === 1 ? start.col + col - 1 : col };
    throw new TemplateError(error.reason, place, { cause: error });
  }
}

/** Where the `}}` stands that ends an expression: braces and strings of Rego itself are passed over. */
function endOfExpression(text: string, from: number): number | undefined {
  const token = /"(?:[^"\\]|\\.)*"|`[^`]*`|[{}]/gs;
  token.lastIndex = from;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === "{") depth += 1;
    else if (match[0] === "}" && depth > 0) depth -= 1;
    else if (match[0] === "}" && text[match.index + 1] === "}") return match.index;
  }
  return undefined;
}

function renderParts(parts: readonly TemplatePart[], input: unknown, data: unknown): Rendered {
  let text = "";
  for (const part of parts) {
    if ("text" in part) {
      text += part.text;
      continue;
    }
    const value = part.expression.value(input, data);
    if (value === undefined) return { undefined: part.source };
    text += typeof value === "string" ? value : JSON.stringify(value);
  }
  return { text };
}

function placeOf(text: string, offset: number): Place {
  const lines = text.slice(0, offset).split("\n");
  return { row: lines.length, col: (lines.at(-1) ?? "").length + 1 };
}
