import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkSettings } from "./index.ts";

/** What is wrong with a check of this target, if anything. */
function faults(check: object): string[] {
  const { error } = checkSettings.safeParse({ name: "shop", ...check });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const hosts = (host: string) => [
  { type: "tcp", port: 443, host },
  { type: "tls", port: 443, host },
  { type: "grpc", port: 443, host },
];
const urls = (host: string) => [
  { type: "http", url: `http://${host}/` },
  { type: "websocket", url: `ws://${host}/` },
];
const everywhere = (host: string) => [...hosts(host), ...urls(host)];

suite("one IP family of an address of the other is a fault of the check", () => {
  for (const [host, family, other] of [
    ["192.0.2.1", 6, "IPv4"],
    ["[2001:db8::1]", 4, "IPv6"],
  ] as const) {
    for (const check of everywhere(host)) {
      test(`${check.type} ${host}`, () => {
        const [fault] = faults({ ...check, "ip-family": family });
        assert.match(fault ?? "", new RegExp(`^ip-family: .* is an ${other} address: leave ip-family out`));
        for (const fits of [family === 4 ? 6 : 4, "any"])
          assert.deepEqual(faults({ ...check, "ip-family": fits }), []);
      });
    }
  }

  test("names and templates have both", () => {
    for (const check of [...everywhere("shop.example"), ...hosts("{{ input.host }}")])
      assert.deepEqual(faults({ ...check, "ip-family": 6 }), []);
  });
});

suite("names that DNS could not have", () => {
  const long = `${"a.".repeat(130)}example`;
  for (const name of ["a..b", `${"x".repeat(64)}.example`, long]) {
    for (const check of everywhere(name)) {
      test(`${check.type} ${name.slice(0, 20)}`, () => {
        const [fault = ""] = faults(check);
        assert.match(fault, /is not a (?:name that DNS could have|host)/);
      });
    }
  }

  test("a dot at the end counts nothing", () => {
    const longest = `${"a.".repeat(125)}abc`;
    for (const name of [longest, `${longest}.`, "shop.example."])
      for (const check of everywhere(name)) assert.deepEqual(faults(check), [], `${check.type} ${name}`);
  });
});

test("port 0 is none", () => {
  assert.match(faults({ type: "http", url: "http://shop.example:0/" })[0] ?? "", /port 0/);
});
