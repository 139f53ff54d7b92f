import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TargetOrigin } from "../model/probe-protocol.ts";
import { rangeFault, refusal as refusalOf, type Hop } from "./guard.ts";

const alert: TargetOrigin = { from: "alert", allowPrivate: [] };
const config: TargetOrigin = { from: "config", allowPrivate: [] };

function refusal(address: string, target: TargetOrigin, hop: Hop): string | undefined {
  return refusalOf({ address, port: 443 }, { target, hop });
}

/** As a probe gets it: the WHATWG URL parser turns every spelling of an address into one. */
function addressIn(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

suite("a target from an alert may not be", () => {
  const forms = [
    // Loopback, in every spelling that a browser takes.
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://１２７.0.0.1/",
    "http://127.0.0.1./",
    "http://%31%32%37.0.0.1/",
    "http://127.255.255.254/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    // Unspecified means this host to Linux.
    "http://0.0.0.0/",
    "http://0/",
    "http://0.1.2.3/",
    "http://[::]/",
    // Private and shared networks.
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://[fd00::1]/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    // Links, groups and everybody.
    "http://169.254.1.1/",
    "http://[fe80::1]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[ff02::1]/",
    // Reserved, and for documents.
    "http://192.0.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://203.0.113.7/",
    "http://240.0.0.1/",
    "http://[2001:db8::1]/",
    "http://[100::1]/",
    "http://[4000::1]/",
    // IPv4 in IPv6.
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[2001:0:7f00:1::1]/",
    // Metadata services.
    "http://169.254.169.254/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://168.63.129.16/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://[fd20:ce::254]/",
  ];
  for (const url of forms) {
    test(url, () => {
      assert.notEqual(refusal(addressIn(url), alert, "first"), undefined);
      assert.notEqual(refusal(addressIn(url), config, "redirect"), undefined);
    });
  }
});

suite("a target from an alert may be", () => {
  const forms = [
    "93.184.216.34",
    "8.8.8.8",
    "172.32.0.1",
    "2606:2800:220:1::1",
    "2a00:1450:4001::200e",
    // DNS64 gives these to hosts without IPv4.
    "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
  ];
  for (const address of forms) {
    test(address, () => {
      assert.equal(refusal(address, alert, "first"), undefined);
      assert.equal(refusal(address, config, "redirect"), undefined);
    });
  }
});

suite("a target from the configuration may be anything", () => {
  for (const address of [
    "127.0.0.1",
    "10.0.0.1",
    "::1",
    "fd00::1",
    "192.168.1.1",
    "::ffff:10.0.0.1",
    "8.8.8.8",
  ]) {
    test(address, () => {
      assert.equal(refusal(address, config, "first"), undefined);
    });
  }
});

suite("a metadata service is refused however it is asked for", () => {
  const forms = [
    "169.254.169.254",
    "169.254.170.2",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "168.63.129.16",
    "100.100.100.200",
  ];
  for (const address of forms) {
    test(address, () => {
      const everything = {
        from: "config" as const,
        allowPrivate: ["0.0.0.0/0", "::/0"],
      } satisfies TargetOrigin;
      assert.match(refusal(address, everything, "first") ?? "", /metadata service, which is never probed/);
    });
  }
});

suite("ranges that are listed are allowed", () => {
  const cases = [
    { address: "10.1.2.3", allowPrivate: ["10.0.0.0/8"], allowed: true },
    { address: "10.1.2.3", allowPrivate: ["192.168.0.0/16", "10.1.2.3"], allowed: true },
    { address: "::ffff:10.1.2.3", allowPrivate: ["10.0.0.0/8"], allowed: true },
    { address: "fd12::1", allowPrivate: ["fd00::/8"], allowed: true },
    { address: "127.0.0.1", allowPrivate: ["10.0.0.0/8"], allowed: false },
    { address: "fd12::1", allowPrivate: ["10.0.0.0/8"], allowed: false },
    { address: "2002:a00:1::1", allowPrivate: ["10.0.0.0/8"], allowed: false },
  ];
  for (const { address, allowPrivate, allowed } of cases) {
    test(`${address} by ${allowPrivate.join(", ")}: ${allowed}`, () => {
      assert.equal(refusal(address, { from: "alert", allowPrivate }, "first") === undefined, allowed);
      assert.equal(refusal(address, { from: "config", allowPrivate }, "redirect") === undefined, allowed);
    });
  }
});

test("a refusal says which address, what it is and how to allow it", () => {
  assert.equal(
    refusal("10.0.0.1", alert, "first"),
    "10.0.0.1 is not a public address (private), and a target that comes from an alert may only lead to public ones; " +
      "list its range in `allow-private-targets` to allow it",
  );
});

test("what is no address is refused", () => {
  assert.equal(refusal("localhost", config, "first"), "localhost is not an IP address");
});

test("ranges are CIDR or one address", () => {
  for (const range of ["10.0.0.0/8", "10.0.0.1", "fd00::/8", "::1"])
    assert.equal(rangeFault(range), undefined);
  for (const range of ["10.0.0.0/33", "intranet", "", "10.0.0.0/-1"]) {
    assert.match(rangeFault(range) ?? "", /is not a range of addresses/);
  }
});
