import { type Comparable, comparisons } from "./comparisons.ts";
import { asLogical, asNodes, asValue, type Expression } from "./expression.ts";
import { functions } from "./functions.ts";
import type { Scanner } from "./scanner.ts";
import type { Scope } from "./scope.ts";
import {
  byFilter,
  byIndex,
  byName,
  bySlice,
  byWildcard,
  childSegment,
  descendantSegment,
  queryFrom,
  type Segment,
  type Selector,
} from "./selectors.ts";

/** How deep filters, parentheses and functions may nest: it becomes our call depth. */
const depthLimit = 50;

const nameStart = String.raw`A-Z_a-z\x80-\u{D7FF}\u{E000}-\u{10FFFF}`;
const memberName = new RegExp(`[${nameStart}][\\d${nameStart}]*`, "uy");
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?/y;

const words: Readonly<Record<string, Comparable>> = { true: true, false: false, null: null };

/** `singular`: at most one node is selected. */
interface Selection {
  readonly selectors: readonly Selector[];
  readonly singular: boolean;
}

/** Reads the parts of a path, each from where the scanner is. Every method throws JsonPathError. */
export class Parser {
  readonly #scanner: Scanner;
  #depth = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  /** From `$` or `@` on. */
  query(): Expression & { type: "nodes" } {
    const scanner = this.#scanner;
    const { at } = scanner;
    const start = scanner.take(/[$@]/y) === "$" ? "root" : "current";
    const segments: Segment[] = [];
    let singular = true;
    for (;;) {
      const end = scanner.at;
      scanner.blanks();
      const segment = this.#segment();
      if (segment === undefined) {
        // Blank space behind a query is not part of it.
        scanner.at = end;
        return { at, type: "nodes", read: queryFrom(start, segments), singular };
      }
      segments.push(segment.read);
      singular &&= segment.singular;
    }
  }

  #segment(): { readonly read: Segment; readonly singular: boolean } | undefined {
    const scanner = this.#scanner;
    const descends = scanner.eat("..");
    const dotted = (descends && !scanner.isAt("[")) || (!descends && scanner.eat("."));
    if (!dotted && !scanner.isAt("[")) return undefined;
    const { selectors, singular } = dotted ? this.#dotted() : this.#bracketed();
    const read = (descends ? descendantSegment : childSegment)(selectors);
    return { read, singular: singular && !descends };
  }

  #dotted(): Selection {
    const scanner = this.#scanner;
    if (scanner.eat("*")) return { selectors: [byWildcard], singular: false };
    const name = scanner.take(memberName) ?? scanner.fail("a name or * is expected behind a dot");
    return { selectors: [byName(name)], singular: true };
  }

  #bracketed(): Selection {
    const scanner = this.#scanner;
    const selectors: Selector[] = [];
    let singular = true;
    scanner.expect("[");
    do {
      // The grammar of singular queries leaves out the blanks.
      singular = !scanner.blanks() && selectors.length === 0 && singular;
      const selector = this.#selector();
      selectors.push(selector.select);
      singular = !scanner.blanks() && selector.singular && singular;
    } while (scanner.eat(","));
    scanner.expect("]");
    return { selectors, singular };
  }

  #selector(): { readonly select: Selector; readonly singular: boolean } {
    const scanner = this.#scanner;
    const name = scanner.string();
    if (name !== undefined) return { select: byName(name), singular: true };
    if (scanner.eat("*")) return { select: byWildcard, singular: false };
    if (scanner.eat("?")) {
      scanner.blanks();
      return { select: byFilter(asLogical(this.#logical())), singular: false };
    }
    const start = scanner.integer();
    const end = scanner.at;
    scanner.blanks();
    if (scanner.eat(":")) return { select: this.#slice(start), singular: false };
    scanner.at = end;
    const index = start ?? scanner.fail("a name in quotes, an index, a slice, * or ? is expected");
    return { select: byIndex(index), singular: true };
  }

  /** From behind the first colon on. */
  #slice(start: number | undefined): Selector {
    const scanner = this.#scanner;
    scanner.blanks();
    const end = scanner.integer();
    scanner.blanks();
    if (!scanner.eat(":")) return bySlice(start, end);
    scanner.blanks();
    return bySlice(start, end, scanner.integer());
  }

  /** What stands in a filter, in parentheses or as an argument. */
  #logical(): Expression {
    this.#depth += 1;
    if (this.#depth > depthLimit) this.#scanner.fail(`it is nested more than ${depthLimit} levels deep`);
    const found = this.#joined("||", () => this.#joined("&&", () => this.#basic()));
    this.#depth -= 1;
    return found;
  }

  /** One part, of whatever type, or several tests with an operator between them. */
  #joined(operator: "||" | "&&", part: () => Expression): Expression {
    const scanner = this.#scanner;
    const first = part();
    scanner.blanks();
    if (!scanner.isAt(operator)) return first;
    const tests = [asLogical(first)];
    while (scanner.eat(operator)) {
      scanner.blanks();
      tests.push(asLogical(part()));
      scanner.blanks();
    }
    const read = (scope: Scope) =>
      operator === "||" ? tests.some((test) => test(scope)) : tests.every((test) => test(scope));
    return { at: first.at, type: "logical", read };
  }

  #basic(): Expression {
    const scanner = this.#scanner;
    const { at } = scanner;
    if (scanner.eat("!")) {
      scanner.blanks();
      const test = asLogical(scanner.isAt("(") ? this.#parenthesized() : this.#operand());
      return { at, type: "logical", read: (scope) => !test(scope) };
    }
    if (scanner.isAt("(")) return this.#parenthesized();
    const left = this.#operand();
    scanner.blanks();
    const operator = scanner.take(/[!=]=|[<>]=?/y);
    if (operator === undefined) return left;
    scanner.blanks();
    const [a, b] = [asValue(left), asValue(this.#operand())];
    const compare = comparisons[operator as keyof typeof comparisons];
    return { at, type: "logical", read: (scope) => compare(a(scope), b(scope), scope.meter) };
  }

  #parenthesized(): Expression {
    const scanner = this.#scanner;
    const { at } = scanner;
    scanner.expect("(");
    scanner.blanks();
    const read = asLogical(this.#logical());
    scanner.expect(")");
    return { at, type: "logical", read };
  }

  /** A literal, a query or a function's call. */
  #operand(): Expression {
    const scanner = this.#scanner;
    const { at } = scanner;
    if (scanner.isAt("$") || scanner.isAt("@")) return this.query();
    const constant = (value: Comparable): Expression => ({ at, type: "value", read: () => value });
    const text = scanner.string();
    if (text !== undefined) return constant(text);
    const digits = scanner.take(number);
    if (digits !== undefined) return constant(Number(digits));
    const word =
      scanner.take(/[a-z][a-z\d_]*/y) ?? scanner.fail("a query, a value or a function is expected");
    if (Object.hasOwn(words, word)) return constant(words[word]);
    return this.#call(word, at);
  }

  #call(name: string, at: number): Expression {
    const scanner = this.#scanner;
    const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
    const { takes, gives, apply } =
      called ?? scanner.fail(`there is no function ${name}: use ${Object.keys(functions).join(", ")}`, at);
    const given = this.#arguments();
    if (given.length !== takes.length)
      scanner.fail(`${name} needs ${takes.length} in its parentheses, not ${given.length}`, at);
    const reads = given.map((argument, index) =>
      takes[index] === "nodes" ? asNodes(argument) : asValue(argument),
    );
    // Given and given back are of the types that the function says.
    const read = (scope: Scope) => apply(scope.meter, ...reads.map((each) => each(scope) as never)) as never;
    return { at, type: gives, read };
  }

  #arguments(): readonly Expression[] {
    const scanner = this.#scanner;
    const found: Expression[] = [];
    scanner.expect("(");
    scanner.blanks();
    if (scanner.eat(")")) return found;
    do {
      scanner.blanks();
      found.push(this.#logical());
    } while (scanner.eat(","));
    scanner.expect(")");
    return found;
  }
}
