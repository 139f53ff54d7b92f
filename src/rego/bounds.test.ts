import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, condition, expression, RegoError } from "./index.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
    return "fine";
  } catch (error) {
    if (error instanceof RegoError) return error.code;
    throw error;
  }
}

/** Fails if it takes longer than a service could bear. */
function quickly(name: string, limitMs: number, run: () => void): void {
  const start = performance.now();
  run();
  const took = performance.now() - start;
  assert.ok(took < limitMs, `${name} took ${took.toFixed()} ms`);
}

test("sources nested or chained absurdly are parse errors", () => {
  const nested = ["[", "{", "("].map((piece) => piece.repeat(100_000));
  const pieces = [
    "f(",
    "x[",
    "not ",
    "1+",
    "1 in ",
    "[x | ",
    "every x in [1] {",
    '$"{',
    "true\n",
    "x with input as ",
  ];
  const sources = [
    ...nested,
    ...pieces.map((piece) => piece.repeat(20_000)),
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    `x${".a".repeat(20_000)}`,
    `x${"[0]".repeat(20_000)}`,
  ];
  for (const source of sources) {
    quickly(source.slice(0, 20), 15_000, () =>
      assert.equal(
        codeOf(() => compile({ query: source })),
        "rego_parse_error",
        source.slice(0, 20),
      ),
    );
  }
});

test("long but flat sources compile", () => {
  assert.equal(
    condition(Array.from({ length: 2000 }, (_, i) => `input.x != ${i}`).join("\n")).matches({ x: -1 }),
    true,
  );
  const iterating = Array.from({ length: 500 }, () => "some _ in [1]").join("\n");
  assert.equal(condition(iterating).matches({}), true);
  const chained = Array.from({ length: 1000 }, (_, i) => `x${i} = x${i + 1}`).join("\n");
  quickly("a chain the wrong way round", 15_000, () =>
    assert.equal(condition(`${chained}\nx1000 = 1`).matches({}), true),
  );
});

test("evaluations end when their budget does", () => {
  const endless = "n := numbers.range(1, 1000); n[_] + n[_] + n[_] == 0";
  quickly("a triple loop", 15_000, () =>
    assert.equal(
      codeOf(() => condition(endless).matches({})),
      "eval_budget_error",
    ),
  );
  assert.equal(
    codeOf(() => condition("count(numbers.range(1, 100)) == 100").matches({}, {}, { budget: 50 })),
    "eval_budget_error",
  );
  assert.equal(
    codeOf(() => condition("input.xs[_] == 4").matches({ xs: [1, 2, 3, 4] }, {}, { budget: 100 })),
    "fine",
  );
});

test("an aborted signal ends the evaluation", () => {
  const signal = AbortSignal.abort(new Error("shutdown"));
  assert.equal(
    codeOf(() => condition("true").matches({}, {}, { signal })),
    "eval_cancel_error",
  );
});

/** Sixty statements, each making `x` twice as large. */
function doubling(start: string, step: string): string {
  return [
    `x0 := ${start}`,
    ...Array.from({ length: 60 }, (_, i) => `x${i + 1} := ${step.replaceAll("x", `x${i}`)}`),
    "x60 == 0",
  ].join("\n");
}

test("builtins that explode are stopped", () => {
  const hostile: readonly string[] = [
    doubling('"ab"', 'concat("", [x, x])'),
    doubling('"ab"', 'replace(x, "a", x)'),
    doubling('"ab"', 'sprintf("%s%s", [x, x])'),
    doubling('"ab"', '$"{x}{x}"'),
    doubling("[1]", "array.concat(x, x)"),
    doubling("12345", "x * x"),
    doubling("0.1", "x * x"),
    doubling("[1]", "json.marshal([x, x])"),
    doubling("[1]", "[x, x]").replace("x60 == 0", 'json.marshal(x60) == ""'),
    doubling("[1]", "[x, x]").replace("x60 == 0", "{x60}"),
    doubling("[1]", "[x, x]").replace("x60 == 0", "[x60] == [json.unmarshal(json.marshal(x9))]"),
    doubling("[1]", "[x, x]").replace("x60 == 0", "x60"),
    "count(numbers.range(0, 100000000000000000000)) == 1",
    "count(numbers.range(-900000, 99999)) == 1",
    'sprintf("%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d", [1,1,1,1,1,1,1,1,1])',
    'sprintf("%99999999999999999999d", [1])',
    'sprintf("%*d", [999999999999, 1])',
    'sprintf("%.999999999f", [1.5])',
    "bits.lsh(1, 999999999999) == 0",
    "1e4000 * 1e4000 == 0",
    'regex.match("((a{1000}){1000}){1000}", "a")',
    'regex.match("(x+x+)+y", concat("", [c | some _ in numbers.range(1, 5000); c := "x"]))',
    'regex.find_n(".*?b|a", concat("", [c | some _ in numbers.range(1, 50000); c := "a"]), -1)',
    'regex.replace(concat("", [c | some _ in numbers.range(1, 5000); c := "a"]), "a", concat("", [c | some _ in numbers.range(1, 50000); c := "b"]))',
    'count(split(concat("", [c | some _ in numbers.range(1, 200000); c := "a"]), "")) == 0',
  ];
  for (const query of hostile) {
    quickly(query.slice(0, 60), 15_000, () => {
      const code = codeOf(() => compile({ query }).eval({}));
      assert.ok(["fine", "eval_budget_error"].includes(code), `${code}: ${query.slice(0, 60)}`);
    });
  }
});

test("input nested absurdly deep is an error, not a crash", () => {
  const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
  for (const text of [
    "input",
    "json.marshal(input)",
    "input == [input]",
    "{input}",
    "count([1 | walk(input, _)])",
    'sprintf("%v", [input])',
  ]) {
    quickly(text, 15_000, () =>
      assert.ok(["fine", "eval_budget_error"].includes(codeOf(() => expression(text).value(deep))), text),
    );
  }
  assert.equal(expression("json.unmarshal(input)").value("[".repeat(100_000)), undefined);
});

/** A small generator with a seed: the same garbage every time. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES =
  `x y _ input data input.a input.xs[_] input.xs[i] i 1 2 0.5 "a" \`b\` null true false [ ] { } ( ) , ; : | & + - * / % == != < <= = := in
  not some every with as if contains set() count( upper( concat( sprintf( "%d" [x|x:=1] {k:v|some} regex.match( . .b [0] # $"{ } \\n \n é 💩 \0 1e5 if else default package import`.split(
    /[ ]+/,
  );

test("garbage is a RegoError or runs", () => {
  const random = randomOf(20_261_122);
  const input = { a: "x", xs: [1, 2, { b: 1 }] };
  quickly("the fuzz", 40_000, () => {
    for (let turn = 0; turn < 6000; turn++) {
      const glue = random(3) === 0 ? "" : " ";
      const text = Array.from({ length: 1 + random(14) }, () => PIECES[random(PIECES.length)]).join(glue);
      // codeOf throws for anything that is no RegoError.
      codeOf(() => compile({ query: text, version: "v0" }).eval(input, { budget: 20_000 }));
    }
  });
});

const PATTERN_PIECES =
  `a b ( (?: ) [ ] [^ a-z * + ? {2} {1000} {3,1} {1,999} | ^ $ \\b \\pL \\x{10FFFF} (?i) . \\ (?P<x> é 😀`.split(
    " ",
  );
const FORMAT_PIECES = "% d s v * . 5 [1] [ ] # + - 0 x q T f g e U c é [9] 99999999".split(" ");

test("random patterns and formats are a RegoError or run", () => {
  const random = randomOf(7);
  const pick = (pieces: readonly string[], most: number): string =>
    Array.from({ length: 1 + random(most) }, () => pieces[random(pieces.length)]).join("");
  const regex = compile({
    query:
      'regex.find_n(input.p, input.t, -1); regex.replace(input.t, input.p, "$1$x"); regex.split(input.p, input.t)',
  });
  const format = compile({ query: "sprintf(input.f, input.a)" });
  const args = [1, -1.5, 1e300, "é\n", null, [1], { a: 1 }, -0, 2 ** 70, 0x1_f600];
  quickly("the fuzz", 40_000, () => {
    for (let turn = 0; turn < 1500; turn++) {
      codeOf(() => regex.eval({ p: pick(PATTERN_PIECES, 8), t: pick(["a", "b", "é", "😀", " "], 30) }));
      codeOf(() => format.eval({ f: pick(FORMAT_PIECES, 8), a: args.slice(random(5), 5 + random(5)) }));
    }
  });
});
