import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { hideIn, hiding, hidingAll, hidingSecrets } from "./hide.ts";
import { Secret } from "./secret.ts";

const secret = `tok/En+="'&<ü>-0123456789`;

const base64 = (text: string) => Buffer.from(text).toString("base64");

suite("a secret is not seen", () => {
  const hide = hiding([secret]);
  const spellings = [
    secret,
    secret.toUpperCase(),
    secret.toLowerCase(),
    JSON.stringify(secret),
    JSON.stringify(JSON.stringify({ secret })),
    encodeURI(secret),
    encodeURIComponent(secret),
    encodeURIComponent(secret).toLowerCase(),
    new URLSearchParams({ secret }).toString(),
    Buffer.from(secret).toString("hex"),
    Buffer.from(secret).toString("hex").toUpperCase(),
    base64(secret),
    base64(secret).replaceAll("+", "-").replaceAll("/", "_"),
    base64(`u:${secret}`),
    base64(`us:${secret} and more`),
    base64(`use:${secret} and`),
  ];
  for (const [index, text] of spellings.entries()) {
    test(`written as ${index}: ${text.slice(0, 12)}`, () => {
      const hidden = hide(`before ${text} behind`);
      assert.match(hidden, /^before .{0,20}\[secret\].{0,20} behind$/s);
      assert.doesNotMatch(hidden, /0123456789|MDEyMzQ1Njc4O|3031323334/i);
    });
  }

  test("where its end was cut off", () => {
    assert.equal(hide(`it says ${secret.slice(0, 20)}`), "it says [secret]");
  });

  test("unless it is short: it would be found by chance", () => {
    assert.equal(hiding(["short"])("in short"), "in short");
    assert.equal(hiding(["short"], 4)("in short"), "in [secret]");
  });
});

suite("the secrets of settings", () => {
  const settings = {
    url: new Secret("https://hooks.example/services/T0123456789?sig=abcdefghijkl"),
    headers: {
      authorization: new Secret("Bearer 0123456789abcdef"),
      cookie: new Secret("sid=fedcba9876543210"),
    },
    name: "storefront",
  };
  const hide = hidingSecrets(settings);

  test("are hidden whole and by their parts", () => {
    for (const part of ["T0123456789", "abcdefghijkl", "0123456789abcdef", "fedcba9876543210"])
      assert.equal(hide(`no ${part}!`), "no [secret]!");
    assert.equal(hide("storefront is down"), "storefront is down");
  });

  test("are hidden in all of plain data, names included", () => {
    const seen = { message: "no T0123456789", headers: { abcdefghijkl: ["x", 1, null] } };
    assert.deepEqual(hideIn(seen, hide), { message: "no [secret]", headers: { "[secret]": ["x", 1, null] } });
  });
});

test("without secrets nothing changes", () => {
  const value = { a: 1 };
  assert.equal(hideIn(value, hidingSecrets({ name: "x" })), value);
  assert.equal(hideIn(value, hidingAll([undefined, hiding([])])), value);
  assert.equal(
    hidingAll([hiding(["one-secret"]), hiding(["two-secret"])])("one-secret, two-secret"),
    "[secret], [secret]",
  );
});
