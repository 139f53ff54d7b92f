import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { after, before, suite, test } from "node:test";
import type { Config } from "../config/config.ts";
import { getCallback } from "./callback.ts";

const name = "sns.eu-west-1.amazonaws.com";

// A whole configuration's server has dozens of keys; what is asked of it here is this one.
const allowing = (...allowPrivateTargets: string[]) =>
  ({ server: { allowPrivateTargets } }) as unknown as Pick<Config, "server">;
const resolvingTo =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));

suite("an address that a message names", () => {
  const canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  let connections = 0;
  let port = 0;

  before(async () => {
    canary.listen(0, "::");
    await once(canary, "listening");
    ({ port } = canary.address() as AddressInfo);
  });
  after(() => void canary.close());

  const answers = [
    ["127.0.0.1"],
    ["::1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["::ffff:127.0.0.1"],
    ["100.64.0.1"],
    // One of several is enough.
    ["93.184.216.34", "127.0.0.1"],
  ];
  for (const addresses of answers) {
    test(`is not asked when its name is ${addresses.join(" and ")}`, async () => {
      const url = new URL(`https://${name}:${port}/cert.pem`);
      await assert.rejects(getCallback(url, allowing(), resolvingTo(...addresses)), {
        message: new RegExp(`^not probed: ${name} is (?!93)`),
      });
      assert.equal(connections, 0);
    });
  }

  for (const host of ["127.0.0.1", "[::1]", "0.0.0.0", "2130706433", "[::ffff:7f00:1]"]) {
    test(`is not asked when it is ${host} itself`, async () => {
      await assert.rejects(getCallback(new URL(`https://${host}:${port}/cert.pem`), allowing()), {
        message: /is not a public address/,
      });
      assert.equal(connections, 0);
    });
  }

  test("is asked in a range that is listed", async () => {
    const url = new URL(`https://${name}:${port}/cert.pem`);
    const asked = getCallback(url, allowing("127.0.0.0/8"), resolvingTo("127.0.0.1"));
    // It speaks no TLS.
    await assert.rejects(asked, (error: Error) => !error.message.includes("not probed"));
    assert.equal(connections, 1);
  });
});
