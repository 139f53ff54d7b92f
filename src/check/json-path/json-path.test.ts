import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseJsonPath } from "./json-path.ts";
import { isNestedWithin, type JsonValue } from "./json-value.ts";
import { JsonPathError } from "./scope.ts";

const select = (path: string, document: JsonValue) => parseJsonPath(path)(document);
const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as JsonValue;

function errorOf(run: () => unknown): JsonPathError {
  try {
    run();
  } catch (error) {
    if (error instanceof JsonPathError) return error;
    throw error;
  }
  throw new Error("no error");
}

suite("the RFC's examples", () => {
  const j = { j: 4 };
  const k = { k: 6 };
  const letters = ["a", "b", "c", "d", "e", "f", "g"];
  const b = { j: { b: "j" }, k: { b: "k" }, empty: { b: {} }, kilo: { b: "kilo" } };
  const a = [3, 5, 1, 2, 4, 6, b.j, b.k, b.empty, b.kilo];
  const filtered = { a, o: { p: 1, q: 2, r: 3, s: 5, t: { u: 6 } }, e: "f" };
  const below = { o: { j: 1, k: 2 }, a: [5, 3, [j, k]] };
  const nulls = { a: null, b: [null], c: [{}], null: 1 };
  const books = [
    { category: "reference", author: "Nigel Rees", title: "Sayings of the Century", price: 8.95 },
    { category: "fiction", author: "Evelyn Waugh", title: "Sword of Honour", price: 12.99 },
    { category: "fiction", author: "Herman Melville", isbn: "0-553-21311-3", price: 8.99 },
    { category: "fiction", author: "J. R. R. Tolkien", isbn: "0-395-19395-8", price: 22.99 },
  ] as const;
  const store = { store: { book: books, bicycle: { color: "red", price: 399 } } };

  const tables: Record<string, { document: JsonValue; selects: Record<string, readonly JsonValue[]> }> = {
    "§1.5 the bookstore": {
      document: store,
      selects: {
        "$.store.book[*].author": books.map(({ author }) => author),
        "$..author": books.map(({ author }) => author),
        "$.store.*": [books, { color: "red", price: 399 }],
        "$.store..price": [8.95, 12.99, 8.99, 22.99, 399],
        "$..book[2]": [books[2]],
        "$..book[2].author": ["Herman Melville"],
        "$..book[2].publisher": [],
        "$..book[-1]": [books[3]],
        "$..book[0,1]": [books[0], books[1]],
        "$..book[:2]": [books[0], books[1]],
        "$..book[?@.isbn]": [books[2], books[3]],
        "$..book[?@.price<10]": [books[0], books[2]],
      },
    },
    "§2.2.3 the root": { document: { k: "v" }, selects: { $: [{ k: "v" }] } },
    "§2.3.1.3 names": {
      document: { o: { "j j": { "k.k": 3 } }, "'": { "@": 2 } },
      selects: {
        "$.o['j j']": [{ "k.k": 3 }],
        "$.o['j j']['k.k']": [3],
        '$.o["j j"]["k.k"]': [3],
        '$["\'"]["@"]': [2],
        [String.raw`$['\'']["@"]`]: [2],
      },
    },
    "§2.3.2.3 wildcards": {
      document: { o: { j: 1, k: 2 }, a: [5, 3] },
      selects: {
        "$[*]": [{ j: 1, k: 2 }, [5, 3]],
        "$.o[*]": [1, 2],
        "$.o[*, *]": [1, 2, 1, 2],
        "$.a[*]": [5, 3],
      },
    },
    "§2.3.3.3 indexes": {
      document: ["a", "b"],
      selects: { "$[1]": ["b"], "$[-2]": ["a"], "$[2]": [], "$[-3]": [] },
    },
    "§2.3.4.3 slices": {
      document: letters,
      selects: {
        "$[1:3]": ["b", "c"],
        "$[5:]": ["f", "g"],
        "$[1:5:2]": ["b", "d"],
        "$[5:1:-2]": ["f", "d"],
        "$[::-1]": letters.toReversed(),
        "$[ : : 3 ]": ["a", "d", "g"],
        "$[0:-9]": [],
        "$[-9:2]": ["a", "b"],
        "$[::0]": [],
      },
    },
    "§2.3.5.3 filters": {
      document: filtered,
      selects: {
        "$.a[?@.b == 'kilo']": [b.kilo],
        "$.a[?(@.b == 'kilo')]": [b.kilo],
        "$.a[?@>3.5]": [5, 4, 6],
        "$.a[?@.b]": [b.j, b.k, b.empty, b.kilo],
        "$[?@.*]": [a, filtered.o],
        "$[?@[?@.b]]": [a],
        "$.o[?@<3, ?@<3]": [1, 2, 1, 2],
        '$.a[?@<2 || @.b == "k"]': [1, b.k],
        '$.a[?match(@.b, "[jk]")]': [b.j, b.k],
        '$.a[?search(@.b, "[jk]")]': [b.j, b.k, b.kilo],
        "$.o[?@>1 && @<4]": [2, 3],
        "$.o[?@.u || @.x]": [{ u: 6 }],
        "$.a[?@.b == $.x]": [3, 5, 1, 2, 4, 6],
        "$.a[?@ == @]": a,
      },
    },
    "§2.5.1.3 children": {
      document: letters,
      selects: { "$[0, 3]": ["a", "d"], "$[0:2, 5]": ["a", "b", "f"], "$[0, 0]": ["a", "a"] },
    },
    "§2.5.2.3 descendants": {
      document: below,
      selects: {
        "$..j": [1, 4],
        "$..[0]": [5, j],
        "$..[*]": [below.o, below.a, 1, 2, 5, 3, [j, k], j, k, 4, 6],
        "$..o": [below.o],
        "$.o..[*, *]": [1, 2, 1, 2],
        "$.a..[0, 1]": [5, 3, j, k],
      },
    },
    "§2.6.1 null": {
      document: nulls,
      selects: {
        "$.a": [null],
        "$.a[0]": [],
        "$.a.d": [],
        "$.b[0]": [null],
        "$.b[*]": [null],
        "$.b[?@]": [null],
        "$.b[?@==null]": [null],
        "$.c[?@.d==null]": [],
        "$.null": [1],
      },
    },
  };
  for (const [section, { document, selects }] of Object.entries(tables)) {
    for (const [path, values] of Object.entries(selects)) {
      test(`${section}: ${path}`, () => assert.deepEqual(select(path, document), values));
    }
  }

  const comparisons: Record<string, boolean> = {
    "$.absent1 == $.absent2": true,
    "$.absent1 <= $.absent2": true,
    "$.absent == 'g'": false,
    "$.absent1 != $.absent2": false,
    "$.absent != 'g'": true,
    "1 <= 2": true,
    "1 > 2": false,
    "13 == '13'": false,
    "'a' <= 'b'": true,
    "'a' > 'b'": false,
    "$.obj == $.arr": false,
    "$.obj != $.arr": true,
    "$.obj == $.obj": true,
    "$.obj != $.obj": false,
    "$.arr == $.arr": true,
    "$.arr != $.arr": false,
    "$.obj == 17": false,
    "$.obj != 17": true,
    "$.obj <= $.arr": false,
    "$.obj < $.arr": false,
    "$.obj <= $.obj": true,
    "$.arr <= $.arr": true,
    "1 <= $.arr": false,
    "1 >= $.arr": false,
    "1 > $.arr": false,
    "1 < $.arr": false,
    "true <= true": true,
    "true > true": false,
  };
  for (const [comparison, holds] of Object.entries(comparisons)) {
    test(`§2.3.5.3 ${comparison}`, () => {
      const document = { obj: { x: "y" }, arr: [2, 3] };
      assert.equal(select(`$[?${comparison}]`, document).length, holds ? 2 : 0);
    });
  }
});

suite("selects", () => {
  const cases: { path: string; document: JsonValue; values: readonly JsonValue[] }[] = [
    { path: "$[?@[0] == 1]", document: [[1], [2]], values: [[1]] },
    {
      path: "$[?@.a && @.b && @.c]",
      document: [
        { a: 1, c: 1 },
        { a: 1, b: 1, c: 1 },
      ],
      values: [{ a: 1, b: 1, c: 1 }],
    },
    { path: "$[?@ == 1 || @ == 2 && @ == 3]", document: [1, 2, 3], values: [1] },
    { path: "$[?!(@ == 1) && !@.a]", document: [1, 2, { a: null }], values: [2] },
    {
      path: "$[?@ == $[0]]",
      document: [{ a: [1, { b: 2 }], c: null }, { c: null, a: [1, { b: 2 }] }, { a: [1] }],
      values: [
        { a: [1, { b: 2 }], c: null },
        { c: null, a: [1, { b: 2 }] },
      ],
    },
    { path: "$[?@ == -0]", document: [0, -0, 1], values: [0, -0] },
    { path: "$[?@ == 1e2]", document: [100, "100"], values: [100] },
    { path: "$[?@ > '\uFFFF']", document: ["\u{10000}", "\uFFFE"], values: ["\u{10000}"] },
    { path: "$[?@ < 'ab']", document: ["a", "ab", "b", ""], values: ["a", ""] },
    {
      path: "$[?length(@) == 2]",
      document: ["😀é", [1, 2], { a: 1, b: 2 }, 2, null],
      values: ["😀é", [1, 2], { a: 1, b: 2 }],
    },
    { path: "$[?count(@.*) == 2]", document: [[1, 2], { a: 1 }, "ab"], values: [[1, 2]] },
    { path: "$[?value(@..a) == 1]", document: [{ a: 1 }, { a: 1, b: { a: 1 } }], values: [{ a: 1 }] },
    { path: "$[?match(@, 'a|bc')]", document: ["a", "bc", "ax", "xbc"], values: ["a", "bc"] },
    {
      path: "$[?match(@, 'a.b.c[.]')]",
      document: ["axbxc.", "a\nbxc.", "axb\rc.", "axbxcx"],
      values: ["axbxc."],
    },
    {
      path: String.raw`$[?match(@, 'a\\-\\.\\p{Lu}[^\\-\\]]')]`,
      document: ["a-.Ab", "a-.A-", "a-.A]"],
      values: ["a-.Ab"],
    },
    { path: "$[?search(@, '(')]", document: ["("], values: [] },
    { path: "$[?search(@, $[0].p)]", document: [{ p: "b+" }, "abc", "ac", 1], values: ["abc"] },
    { path: String.raw`$["\u00E9\ud83d\uDE00\n\/\""]`, document: { 'é😀\n/"': 1 }, values: [1] },
    { path: String.raw`$['"\'\\']`, document: { "\"'\\": 1 }, values: [1] },
    { path: "$.été_1.☺", document: { été_1: { "☺": 1 } }, values: [1] },
    { path: "$.__proto__", document: {}, values: [] },
    {
      path: "$['__proto__', 'constructor']",
      document: JSON.parse('{"__proto__": 1}') as JsonValue,
      values: [1],
    },
    { path: "$.length", document: [1], values: [] },
    { path: "$[9007199254740991]", document: [1], values: [] },
    { path: "$\n[ 'a' ,\t?@ ]\r.b", document: { a: { b: 1 } }, values: [1, 1] },
  ];
  for (const { path, document, values } of cases) {
    test(path, () => assert.deepEqual(select(path, document), values));
  }
});

suite("refuses", () => {
  const cases: Record<string, string> = {
    "": "a path starts with $, at character 1",
    " $": "a path starts with $, at character 1",
    "$ ": "a path cannot go on like this, at character 2",
    $a: "a path cannot go on like this, at character 2",
    "$.": "a name or * is expected behind a dot, at character 3",
    "$. a": "a name or * is expected behind a dot, at character 3",
    "$.1": "a name or * is expected behind a dot, at character 3",
    "$[": "a name in quotes, an index, a slice, * or ? is expected, at character 3",
    "$[-0]": "a name in quotes, an index, a slice, * or ? is expected, at character 3",
    "$[01]": "] is expected, at character 4",
    "$[1:2:3:4]": "] is expected, at character 8",
    "$[9007199254740992]": "an index beyond 2^53 - 1, at character 3",
    "$[::-9007199254740992]": "an index beyond 2^53 - 1, at character 5",
    "$['a": "a string that does not end, or has what strings cannot have, at character 3",
    "$['\ud800']": "a string that does not end, or has what strings cannot have, at character 3",
    "$['\n']": "a string that does not end, or has what strings cannot have, at character 3",
    [String.raw`$['\"']`]: "a string that does not end, or has what strings cannot have, at character 3",
    [String.raw`$["\ud800\u0041"]`]:
      "a string that does not end, or has what strings cannot have, at character 3",
    [String.raw`$["\udc00"]`]: "a string that does not end, or has what strings cannot have, at character 3",
    "$[?]": "a query, a value or a function is expected, at character 4",
    "$[?@.a === 1]": "a query, a value or a function is expected, at character 10",
    "$[?(@.a]": ") is expected, at character 8",
    "$[?(@.a) == 1]": "] is expected, at character 10",
    "$[?!@.a == 1]": "] is expected, at character 9",
    "$[?1]": "a value by itself is no test: compare it, at character 4",
    "$[?@.a && true]": "a value by itself is no test: compare it, at character 11",
    "$[?length(@)]": "a value by itself is no test: compare it, at character 4",
    "$[?value(@..color)]": "a value by itself is no test: compare it, at character 4",
    "$[?match(@.a, 'a') == true]": "a test has no value, at character 4",
    "$[?@.* == 1]":
      "only single names and indexes, without blanks in their brackets, have a value, at character 4",
    "$[?@[ 'a' ] == 1]":
      "only single names and indexes, without blanks in their brackets, have a value, at character 4",
    "$[?length(@.*) < 3]":
      "only single names and indexes, without blanks in their brackets, have a value, at character 11",
    "$[?count(1) == 1]": "a query is expected, at character 10",
    "$[?count() == 1]": "count needs 1 in its parentheses, not 0, at character 4",
    "$[?match(@)]": "match needs 2 in its parentheses, not 1, at character 4",
    "$[?count (@.*) == 1]": "( is expected, at character 9",
    "$[?foo(@)]": "there is no function foo: use length, count, value, match, search, at character 4",
    "$[?constructor(@)]":
      "there is no function constructor: use length, count, value, match, search, at character 4",
  };
  for (const [path, message] of Object.entries(cases)) {
    test(path, () => assert.equal(errorOf(() => parseJsonPath(path)).message, message));
  }
});

suite("stays within bounds", () => {
  const hostile: Record<string, string> = {
    filters: `$${"[?@".repeat(1000)}${"]".repeat(1000)}`,
    parentheses: `$[?${"(".repeat(4000)}@${")".repeat(4000)}]`,
    negations: `$[?${"!(".repeat(3000)}@${")".repeat(3000)}]`,
    functions: `$[?${"length(".repeat(1000)}`,
  };
  for (const [what, path] of Object.entries(hostile)) {
    test(`${what} that nest`, () => {
      assert.match(errorOf(() => parseJsonPath(path)).message, /^it is nested more than 50 levels deep, at /);
    });
  }

  test("paths that do not end", () => {
    const { message } = errorOf(() => parseJsonPath(`$${".a".repeat(1_000_000)}`));
    assert.equal(message, "it is longer than 10000 characters, at character 10001");
  });

  test("as deep as it goes", () => {
    assert.deepEqual(select(`$${"[?@".repeat(50)}${"]".repeat(50)}`, nested(52)), [nested(51)]);
    assert.equal(select("$..*", nested(100_000)).length, 99_999);
    assert.equal(isNestedWithin(nested(500), 500), true);
    assert.equal(isNestedWithin(nested(100_000), 500), false);
    assert.equal(isNestedWithin([1], 0), false);
    assert.equal(isNestedWithin(1, 0), true);
  });

  const many = Array.from({ length: 5000 }, () => ({ name: "x".repeat(20) }));
  const endless: Record<string, JsonValue> = {
    "$..*..*..*..*": nested(499),
    "$..[?@..[?@..[?@..*]]]": nested(499),
    "$[?$[?@ == $]]": many,
    "$[?count($..name) == 1]": many,
    [`$${"[0,0]".repeat(40)}`]: nested(100),
    [`$[?${"!@||".repeat(1500)}!@]`]: many,
    "$[?length($[0]) == 1]": Array.from({ length: 5000 }, () => "x".repeat(1200)),
  };
  for (const [path, document] of Object.entries(endless)) {
    test(`${path.slice(0, 30)} that would take forever`, () => {
      const { message, position } = errorOf(() => select(path, document));
      assert.equal(message, "it takes more than 5000000 steps here: look at less of the document");
      assert.equal(position, undefined);
    });
  }
});
