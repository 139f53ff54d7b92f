import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePosteeDuration, posteeSize } from "./postee-values.ts";

const durations = [
  { text: "1m", seconds: 60 },
  { text: "600s", seconds: 600 },
  { text: "2h", seconds: 7200 },
  { text: "2d", seconds: 172_800 },
  { text: " 2 d ", seconds: 172_800 },
  { text: "300", seconds: 300 },
  { text: "", seconds: 0 },
  { text: "1w", seconds: undefined },
  { text: "2H", seconds: undefined },
  { text: "1.5h", seconds: undefined },
  { text: "-1s", seconds: undefined },
  { text: "9".repeat(20), seconds: undefined },
];
for (const { text, seconds } of durations) {
  test(`the duration "${text}" is ${seconds} s`, () => {
    assert.equal(parsePosteeDuration(text), seconds === undefined ? undefined : seconds * 1000);
  });
}

const isSize = (text: string) => posteeSize.safeParse(text).success;

test("sizes", () => {
  assert.deepEqual(["1b", "2kb", "3Mb", "4GB", "5 b", "6", ""].filter(isSize).length, 7);
  assert.deepEqual(["7TB", "8.8", "5k", "-1", "many"].filter(isSize), []);
});
