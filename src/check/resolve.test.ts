import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { NetworkInterfaceInfo } from "node:os";
import { hasIpv6, resolve, type ResolveContext } from "./resolve.ts";

const never = new AbortController().signal;
const google = { four: "8.8.8.8", six: "2001:4860:4860::8888" };

/** A location, with or without IPv6, for which every name has these addresses. */
function location(ipv6: boolean, ...addresses: string[]): ResolveContext {
  const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return { target: { from: "alert", allowPrivate: ["::1"] }, ipv6, lookup: () => Promise.resolve(found) };
}

async function addressesFor(context: ResolveContext): Promise<string[]> {
  const { addresses } = await resolve(
    { host: "storefront.example", port: 443, hop: "first" },
    context,
    never,
  );
  return addresses.map(({ address }) => address);
}

suite("IPv6", () => {
  test("is tried where there is some", async () => {
    assert.deepEqual(await addressesFor(location(true, google.six)), [google.six]);
  });

  test("is left out where there is none, and told", async () => {
    const context = location(false, google.six, google.four);
    assert.deepEqual(await addressesFor(context), [google.four]);
    const { found } = await resolve({ host: "storefront.example", port: 443, hop: "first" }, context, never);
    assert.deepEqual(found, [google.four, google.six]);
  });

  test("alone where there is none is the location's fault", async () => {
    await assert.rejects(addressesFor(location(false, google.six)), {
      errorClass: "location.network",
      message: /only IPv6 addresses \(2001:4860:4860::8888\) and this location has no IPv6/,
    });
  });

  test("on this machine itself, and in the own network, needs no Internet", async () => {
    const target = { from: "config" as const, allowPrivate: [] };
    const addresses = ["::1", "fd00::5"];
    assert.deepEqual(await addressesFor({ ...location(false, ...addresses), target }), addresses);
  });

  const machines = [
    { addresses: ["127.0.0.1", "::1", "192.0.2.2", "fe80::1", "fd00::2"], has: false },
    { addresses: ["127.0.0.1", "::1", "2001:db8::2"], has: true },
    { addresses: ["203.0.113.1"], has: false },
    { addresses: [], has: false },
  ];
  for (const { addresses, has } of machines) {
    test(`${has ? "is" : "is not"} there with ${addresses.join(", ") || "no address"}`, () => {
      const list = addresses.map((address) => ({ address, internal: false }) as NetworkInterfaceInfo);
      assert.equal(hasIpv6({ eth0: list, gone: undefined }), has);
    });
  }
});

test("both families are among the eight that are tried", async () => {
  const four = Array.from({ length: 10 }, (_, index) => `8.8.8.${index}`);
  const addresses = await addressesFor(location(true, ...four, google.six, google.four, google.four));
  assert.equal(addresses.length, 8);
  assert.deepEqual(addresses.slice(0, 3), ["8.8.8.0", google.six, "8.8.8.1"]);
  assert.equal(new Set(addresses).size, 8);
});

test("an address is itself, and takes no time", async () => {
  const seen = await resolve({ host: "::1", port: 443, hop: "first" }, location(true), never);
  assert.deepEqual(seen, { addresses: [{ address: "::1", family: 6 }], found: ["::1"], dnsMs: null });
});

test("nobody is asked for what can be no name", async () => {
  const context = location(true, google.four);
  for (const host of ["a..b", "a.".repeat(130)])
    await assert.rejects(resolve({ host, port: 443, hop: "redirect" }, context, never), {
      errorClass: "dns.nxdomain",
    });
});
