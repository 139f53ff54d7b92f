import type { ErrorCode, YAMLParseError } from "yaml";

interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
}

/**
 * What a person reads of YAML's own errors. After the first one the parser guesses, and what it then finds wrong
 * misleads: only keys given twice are all told.
 */
export function syntaxFaults(errors: readonly YAMLParseError[], text: string): SyntaxFault[] {
  const doubles = errors.filter(({ code }) => code === "DUPLICATE_KEY");
  const [first] = errors
    .filter(({ code }) => code !== "DUPLICATE_KEY")
    .toSorted((a, b) => rank(a) - rank(b) || a.pos[0] - b.pos[0]);
  return [...doubles, ...(first === undefined ? [] : [first])].map((error) => ({
    // Where the stack ran out says nothing about the file.
    offset: error.code === "RESOURCE_EXHAUSTION" ? 0 : error.pos[0],
    message: wordSyntax(error, text),
  }));
}

/** Running out of stack explains the errors around it. */
function rank({ code }: YAMLParseError): number {
  return code === "RESOURCE_EXHAUSTION" ? 0 : 1;
}

const words: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: "a tab indents this line: YAML wants spaces",
  BLOCK_AS_IMPLICIT_KEY: "a second `: ` on one line: put the value in quotes",
  MULTILINE_IMPLICIT_KEY: "this key goes on over several lines: is a `:` or a closing quote missing?",
  MULTIPLE_DOCS: "a second document begins here: leave the `---` out, the configuration is one document",
  RESOURCE_EXHAUSTION: "lists or maps are nested far too deeply in this file",
  UNEXPECTED_TOKEN: "this does not belong here: look at quotes, brackets and indentation just before it",
  BAD_DQ_ESCAPE: "no such escape: inside double quotes write \\\\ for \\, or use single quotes",
  NON_STRING_KEY: "a list or a map stands here as a key: does a text with [ ], { } or {{ }} lack quotes?",
  BLOCK_IN_FLOW: "inside [ ] and { } everything is written in one line's style",
  TAG_RESOLVE_FAILED: "this value does not fit its !tag: leave the tag out",
  BAD_ALIAS: "an alias is `*name`, with nothing after it",
};

function wordSyntax({ code, message, pos }: YAMLParseError, text: string): string {
  if (code === "DUPLICATE_KEY") return `the key "${wordAt(text, pos[0])}" is given twice`;
  const known = words[code];
  if (known !== undefined) return known;
  if (code === "BAD_SCALAR_START")
    return `a value cannot begin with ${text[pos[0]] ?? "this"}: put it in quotes`;
  if (message.startsWith("Missing closing"))
    return `a quote (${message.at(16) ?? ""}) that was opened above is never closed`;
  if (message.startsWith("Flow sequence")) return "a [ is opened and not closed before this";
  if (message.startsWith("Flow map")) return "a { is opened and not closed before this";
  if (message.startsWith("Sequence item without")) return "this does not line up with what stands above it";
  if (message.startsWith("Implicit map keys")) return "this is not a key: is a `:` missing after it?";
  return "this is not YAML: look at quotes, brackets and indentation here and just before";
}

function wordAt(text: string, offset: number): string {
  return /[^\s:,"'{}]+/y.exec(text.slice(offset).replace(/^["']/, ""))?.[0] ?? "";
}
