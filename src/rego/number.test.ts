import assert from "node:assert/strict";
import { test } from "node:test";
import {
  add,
  compareNum,
  divide,
  multiply,
  type Num,
  numText,
  parseNumber,
  roundNum,
  subtract,
} from "./number.ts";

function num(text: string): Num {
  const value = parseNumber(text);
  assert.ok(value !== undefined, text);
  return value;
}

test("numbers keep their decimal", () => {
  for (const [text, expected] of [
    ["1.0", "1"],
    ["-0", "0"],
    ["1e3", "1000"],
    ["100e-2", "1"],
    ["0.1", "0.1"],
    ["9007199254740993", "9007199254740993"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["0.1234567890123456789012", "0.1234567890123456789012"],
    ["1e-7", "1e-7"],
    ["1.23456789012345678901e-9", "1.23456789012345678901e-9"],
    ["1e30", `1${"0".repeat(30)}`],
  ] as const) {
    assert.equal(numText(num(text)), expected, text);
  }
  assert.equal(numText(1e23), `1${"0".repeat(23)}`);
  assert.equal(compareNum(1e23, 10n ** 23n), 0);
  assert.equal(compareNum(Infinity, 10n ** 300n), 1);
  for (const text of ["", "x", "1.", ".5", "1e", "0x1", " 1", "1e5000", "Infinity"])
    assert.equal(parseNumber(text), undefined, text);
});

test("arithmetic is exact for integers and of 64 bits else", () => {
  const rows: readonly (readonly [typeof add, string, string, string])[] = [
    [add, "0.1", "0.2", "0.3"],
    [add, "9007199254740991", "2", "9007199254740993"],
    [add, "9007199254740993", "-9007199254740993", "0"],
    [add, "0.5", "0.5", "1"],
    [add, "1e30", "1", "1000000000000000000000000000001"],
    [subtract, "0.3", "0.1", "0.20000000000000000002"],
    [subtract, "1", "0.9", "0.10000000000000000002"],
    [multiply, "1.15", "100", "115"],
    [multiply, "99999999999", "99999999999", "9999999999800000000001"],
    [multiply, "-0.5", "0.5", "-0.25"],
    [divide, "1", "3", "0.33333333333333333334"],
    [divide, "10", "4", "2.5"],
    [divide, "6", "3", "2"],
    [divide, "2", "-3", "-0.6666666666666666667"],
    [divide, "1", "1024", "0.0009765625"],
  ];
  for (const [run, a, b, expected] of rows)
    assert.equal(numText(run(num(a), num(b))), expected, `${run.name} ${a} ${b}`);
});

test("order is by exact value", () => {
  const sorted = [
    "-1e30",
    "-1",
    "-0.5",
    "0",
    "0.30000000000000000001",
    "0.5",
    "1",
    "9007199254740992",
    "9007199254740993",
    "1e30",
  ];
  for (const [at, text] of sorted.entries()) {
    for (const [other, against] of sorted.entries()) {
      assert.equal(
        Math.sign(compareNum(num(text), num(against))),
        Math.sign(at - other),
        `${text} ${against}`,
      );
    }
  }
});

test("rounding", () => {
  const rows: readonly (readonly [string, number, number, number])[] = [
    ["1.5", 1, 2, 2],
    ["-1.5", -2, -1, -2],
    ["2.4", 2, 3, 2],
    ["-0.4", -1, 0, 0],
    ["3", 3, 3, 3],
    ["0.30000000000000000001", 0, 1, 0],
  ];
  for (const [text, floor, ceil, round] of rows) {
    assert.deepEqual(
      [roundNum(num(text), "floor"), roundNum(num(text), "ceil"), roundNum(num(text), "round")],
      [floor, ceil, round],
      text,
    );
  }
});
