import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkKeys, resolverAddress } from "./check.ts";

suite("the address of a resolver", () => {
  const right = [
    "1.1.1.1",
    "1.1.1.1:5353",
    "2606:4700:4700::1111",
    "::1",
    "[2606:4700:4700::1111]",
    "[::1]:53",
  ];
  for (const text of right) test(text, () => assert.equal(resolverAddress.parse(text), text));

  const wrong = [
    "999.1.1.1",
    "1.1.1",
    "1.1.1.1:0",
    "1.1.1.1:99999",
    "1.1.1.1:",
    "::1::",
    ":::",
    "[::1",
    "dns.example",
    "https://1.1.1.1",
    "",
    " 1.1.1.1",
  ];
  for (const text of wrong) {
    test(`not "${text}"`, () => {
      const { error } = resolverAddress.safeParse(text);
      assert.equal(
        error?.issues[0]?.message,
        `"${text}" is not the address of a DNS server: write one such as 1.1.1.1 or [2606:4700:4700::1111]:53`,
      );
    });
  }
});

test("a timeout of nothing is refused: each attempt would fail", () => {
  assert.match(checkKeys.timeout.safeParse("0s").error?.message ?? "", /an attempt needs time/);
  assert.equal(checkKeys.timeout.parse("1ms"), 1);
});
