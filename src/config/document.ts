import { LineCounter, Scalar, isAlias, isMap, isScalar, isSeq, parseDocument, visit } from "yaml";
import type { Alias, Document, Node, Pair } from "yaml";
import { camelCase } from "../model/settings.ts";
import type { Fault, Finding, Path } from "./finding.ts";
import { offsetInScalar } from "./scalar-place.ts";
import { syntaxFaults } from "./syntax.ts";

/** A YAML text read: its data, and where each part of the data stands. */
export interface SourceDocument {
  /** Undefined when the text is not YAML at all. */
  readonly data: unknown;
  /** What is wrong with it as YAML. */
  readonly faults: readonly Fault[];
  /** The line and column of a finding. */
  place(finding: Finding): Fault;
  /** What is written at a path without quotes; undefined for anything else. */
  plainText(path: Path): string | undefined;
}

/** Uses of anchors that one value may expand to: far more than anyone writes, far fewer than a bomb has. */
const maxAliasCount = 1000;

/** Reads YAML 1.2 (JSON is part of it), with `<<` merges, which people know from YAML 1.1. */
export function readDocument(text: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    stringKeys: true,
  });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), col: Math.max(col, 1) };
  };
  const faults = syntaxFaults(document.errors, text).map(({ offset, message }): Fault => ({
    ...at(offset),
    severity: "error",
    message,
  }));
  const broken = document.errors.some(({ code }) => code !== "DUPLICATE_KEY");
  const expanded = broken ? { data: undefined } : expand(document);
  if (expanded.fault !== undefined)
    faults.push({ ...at(expanded.fault.offset), severity: "error", message: expanded.fault.message });
  return {
    data: expanded.data,
    faults,
    place: (finding) => ({
      ...at(offsetOf(document, text, finding)),
      severity: finding.severity,
      message: finding.message,
    }),
    plainText: (path) => {
      const { value } = find(document, path);
      return isScalar(value) && value.type === Scalar.PLAIN ? value.source : undefined;
    },
  };
}

interface PlacedMessage {
  readonly offset: number;
  readonly message: string;
}

/** The document's data, unless its anchors make it endless or too large. */
function expand(document: Document): { readonly data: unknown; readonly fault?: PlacedMessage } {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  const [fault] = aliases.flatMap((alias) => aliasFault(document, alias));
  if (fault !== undefined) return { data: undefined, fault };
  try {
    return { data: document.toJS({ maxAliasCount }) };
  } catch {
    const offset = aliases[0]?.range?.[0] ?? 0;
    return {
      data: undefined,
      fault: { offset, message: "its anchors expand to far too much: write it out" },
    };
  }
}

function aliasFault(document: Document, alias: Alias): PlacedMessage[] {
  const name = alias.source;
  const offset = alias.range?.[0] ?? 0;
  const anchor = alias.resolve(document)?.range;
  if (!anchor) return [{ offset, message: `*${name} stands for nothing: no &${name} comes before it` }];
  return offset < anchor[1] ? [{ offset, message: `*${name} is part of what it stands for` }] : [];
}

/** The nodes at a path; where the path leaves the document, the last node on it. */
function find(document: Document, path: Path): { key: Node | null; value: Node | null } {
  let key: Node | null = null;
  let value = document.contents;
  for (const step of path) {
    const node = isAlias(value) ? (value.resolve(document) ?? null) : value;
    if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) break;
      [key, value] = [null, item];
    } else {
      const pair = isMap(node) ? pairOf(document, node.items, String(step)) : undefined;
      if (pair === undefined) break;
      [key, value] = [pair.key, pair.value];
    }
  }
  return { key, value };
}

/** The pair of a key, in any of its spellings, in a map or in the maps merged into it. */
function pairOf(
  document: Document,
  items: readonly Pair[],
  key: string,
): Pair<Node, Node | null> | undefined {
  const pairs = items as readonly Pair<Node, Node | null>[];
  const spelt = (spell: (text: string) => string) =>
    pairs.find((pair) => isScalar(pair.key) && spell(String(pair.key.value)) === spell(key));
  const own = spelt(camelCase) ?? spelt((text) => camelCase(text).toLowerCase());
  if (own !== undefined) return own;
  const merged = pairs.filter((pair) => isScalar(pair.key) && pair.key.source === "<<");
  for (const { value } of merged) {
    const sources = isSeq(value) ? (value.items as Node[]) : [value];
    for (const source of sources) {
      const map = isAlias(source) ? source.resolve(document) : source;
      const pair = isMap(map) ? pairOf(document, map.items, key) : undefined;
      if (pair !== undefined) return pair;
    }
  }
  return undefined;
}

function offsetOf(document: Document, text: string, { path, onKey, within }: Finding): number {
  const { key, value } = find(document, path);
  if (within !== undefined && isScalar(value)) return offsetInScalar(text, value, within);
  const isEmpty = isScalar(value) && value.value === null && value.source === "";
  const node = key !== null && (onKey === true || value === null || isEmpty) ? key : value;
  return node?.range?.[0] ?? 0;
}
