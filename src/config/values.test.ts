import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { address, addressRange, parseAddress, parseSize, size } from "./values.ts";

const sizes = [
  ["1 MB", 1_048_576],
  ["512kB", 524_288],
  ["2 gb", 2_147_483_648],
  ["10 B", 10],
  ["0 MB", undefined],
  ["1.5 MB", undefined],
  ["1 MiB", undefined],
  ["1000", undefined],
  ["-1 MB", undefined],
  ["99999999999 GB", undefined],
  ["", undefined],
] as const;

for (const [text, bytes] of sizes) {
  test(`size ${JSON.stringify(text)}`, () => {
    assert.equal(parseSize(text), bytes);
  });
}

const addresses = [
  ["127.0.0.1:8082", { host: "127.0.0.1", port: 8082 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  ["[::1]:8082", { host: "::1", port: 8082 }],
  ["0.0.0.0:65535", { host: "0.0.0.0", port: 65_535 }],
  ["127.0.0.1:65536", undefined],
  ["127.0.0.1", undefined],
  [":8082", undefined],
  ["::1:8082", undefined],
  ["http://localhost:8082", undefined],
  ["localhost:8082/", undefined],
] as const;

for (const [text, expected] of addresses) {
  test(`address ${text}`, () => {
    assert.deepEqual(parseAddress(text), expected);
  });
}

test("what is written back is read again as the same", () => {
  assert.equal(z.encode(address, { host: "::1", port: 1 }), "[::1]:1");
  assert.equal(z.decode(size, z.encode(size, 1_048_576)), 1_048_576);
});

const isRange = (text: string) => addressRange.safeParse(text).success;

test("ranges of addresses", () => {
  assert.deepEqual(["10.0.0.0/8", "fd00::/8", "127.0.0.1/32"].map(isRange), [true, true, true]);
  assert.deepEqual(["10.0.0.0", "10.0.0.0/33", "example.com/8"].map(isRange), [false, false, false]);
});
