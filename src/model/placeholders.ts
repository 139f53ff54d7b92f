import { parsePath, plainValue, stepPattern, valueAt } from "./gjson-path.ts";

/** `event.input` and the path that goes on from it; `event.inputs` is another word. */
const placeholder = new RegExp(String.raw`event\.input(?![\p{L}\p{N}_])((?:${stepPattern})*)`, "gu");

/** Where a path would go on for GJSON and does not for us. */
const foreignStep = /^\.(?:@\w*|[#!{[]\S*)/;

/** What stands before a placeholder, and the placeholder; the last piece has none. */
interface Piece {
  readonly before: string;
  /** Empty for the whole event. */
  readonly path: string | null;
  /** An odd number of quotes stands before it. */
  readonly quoted: boolean;
}

/** A value in both forms that it may be put in. */
interface Filling {
  readonly plain: string;
  readonly json: string;
}

const nothing: Filling = { plain: "", json: "null" };

/** The placeholders of a text that cannot be filled. */
export function unreadPlaceholders(text: string): readonly string[] {
  const pieces = piecesOf(text);
  return pieces.flatMap(({ path }, index) => {
    if (path === null) return [];
    const [foreign = ""] = foreignStep.exec(pieces[index + 1]?.before ?? "") ?? [];
    return foreign === "" && parsePath(path) !== undefined ? [] : [`event.input${path}${foreign}`];
  });
}

/**
 * A text with its placeholders (`event.input`, `event.input.<GJSON path>`) filled from an event, as Postee's http action
 * does. In a text that is a JSON document, what is put inside a string is escaped and what is put elsewhere is JSON. In
 * other texts strings are put as they are; null and what is not there are nothing. What comes from the event is not
 * searched for placeholders.
 */
export function fillPlaceholders(text: string, event: string): string {
  const pieces = piecesOf(text);
  if (pieces.length === 1) return text;
  const form = isJsonDocument(pieces) ? jsonForm : ({ plain }: Filling) => plain;
  const isJsonEvent = isJson(event);
  return pieces
    .map(({ before, path, quoted }) => {
      if (path === null) return before;
      const filling = isJsonEvent ? fillingAt(event, path) : wholeText(event, path);
      return before + form(filling, quoted);
    })
    .join("");
}

function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let quoted = false;
  for (const { index, 0: whole, 1: path = "" } of text.matchAll(placeholder)) {
    const before = text.slice(from, index);
    quoted = quoted !== hasOddQuotes(before);
    pieces.push({ before, path, quoted });
    from = index + whole.length;
  }
  return [...pieces, { before: text.slice(from), path: null, quoted }];
}

function hasOddQuotes(text: string): boolean {
  const quotes = (text.match(/\\.|"/gs) ?? []).filter((found) => found === '"');
  return quotes.length % 2 === 1;
}

function isJsonDocument(pieces: readonly Piece[]): boolean {
  const example = pieces
    .map(({ before, path, quoted }) => (path === null || quoted ? before : `${before}0`))
    .join("");
  return /^\s*[{["]/.test(example) && isJson(example);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function fillingAt(event: string, path: string): Filling {
  if (path === "") return { plain: event, json: event };
  const json = valueAt(event, parsePath(path) ?? []);
  return json === undefined ? nothing : { plain: plainValue(json), json };
}

/** An event that is no JSON has no parts. */
function wholeText(event: string, path: string): Filling {
  return path === "" ? { plain: event, json: JSON.stringify(event) } : nothing;
}

function jsonForm({ plain, json }: Filling, quoted: boolean): string {
  return quoted ? JSON.stringify(plain).slice(1, -1) : json;
}
