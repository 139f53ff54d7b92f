import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { networkInterfaces } from "node:os";
import { suite, test } from "node:test";
import { Hono } from "hono";
import { requireToken } from "./auth.ts";
import { listenOn } from "./listen.ts";

/** What lets everybody in who gets through the gate. */
function doorWith(...tokens: string[]): Hono {
  const app = new Hono();
  app.use(requireToken({ tokens: () => tokens }));
  app.get("/", (c) => c.text("in"));
  return app;
}

/** The status that a caller from this address gets, by the connection. */
async function statusFor(
  door: Hono,
  remoteAddress: string | undefined,
  headers: Readonly<Record<string, string>> = { host: "localhost:8082" },
): Promise<number> {
  const bindings = { incoming: { socket: { remoteAddress } } };
  const response = await door.request("/", { headers }, bindings);
  return response.status;
}

suite("without tokens", () => {
  for (const address of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    test(`${address} is this machine`, async () => {
      assert.equal(await statusFor(doorWith(), address), 200);
    });
  }

  for (const address of ["192.0.2.2", "10.0.0.1", "::ffff:192.0.2.2", "2001:db8::1", "fe80::1%eth0", ""]) {
    test(`${address || "nowhere"} is not, whatever its Host says`, async () => {
      assert.equal(await statusFor(doorWith(), address), 403);
    });
  }

  test("a connection that nobody knows is not, either", async () => {
    assert.equal(await statusFor(doorWith(), undefined), 403);
    assert.equal((await doorWith().request("/", { headers: { host: "localhost" } })).status, 403);
  });

  test("a web page on this machine is turned away", async () => {
    const headers = { host: "localhost:8082", origin: "https://elsewhere.example" };
    assert.equal(await statusFor(doorWith(), "127.0.0.1", headers), 403);
    assert.equal(await statusFor(doorWith(), "127.0.0.1", { host: "rebound.example" }), 403);
  });

  test("so is a page of another program on this machine, as a browser says it", async () => {
    const host = "localhost:8082";
    const pages = [
      { host, origin: "http://localhost:3000" },
      { host, origin: "http://127.0.0.1:8082" },
      { host, origin: "null" },
      { host, "sec-fetch-site": "cross-site" },
      { host, "sec-fetch-site": "same-site" },
    ];
    for (const headers of pages)
      assert.equal(await statusFor(doorWith(), "127.0.0.1", headers), 403, JSON.stringify(headers));
    const own = [
      { host, origin: "http://localhost:8082", "sec-fetch-site": "same-origin" },
      { host, "sec-fetch-site": "none" },
      { host: "localhost", origin: "https://localhost" },
      { host: "[::1]:8082", origin: "http://[::1]:8082" },
    ];
    for (const headers of own)
      assert.equal(await statusFor(doorWith(), "127.0.0.1", headers), 200, JSON.stringify(headers));
  });

  test("what a proxy on this machine passes on may come from anywhere", async () => {
    for (const name of ["forwarded", "x-forwarded-for", "x-real-ip", "via"]) {
      const headers = { host: "localhost:8082", [name]: "192.0.2.2" };
      assert.equal(await statusFor(doorWith(), "127.0.0.1", headers), 403, name);
    }
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  const skip = outside === undefined && "this machine has no other address";
  test("a caller over the network with a forged Host is turned away", { skip }, async () => {
    await using listener = await listenOn(doorWith().fetch, { host: "0.0.0.0", port: 0 });
    const { port } = listener;
    assert.equal(await ask(outside ?? "", port), 403);
    assert.equal(await ask("127.0.0.1", port), 200);
  });
});

test("with tokens, where a caller is does not matter", async () => {
  const headers = { authorization: "Bearer let-me-in", host: "crosscheck.example" };
  assert.equal(await statusFor(doorWith("let-me-in"), "192.0.2.2", headers), 200);
  assert.equal(await statusFor(doorWith("let-me-in"), "127.0.0.1"), 401);
});

const guesses = [
  { authorization: "Bearer let-me-i" },
  { authorization: "Bearer let-me-in-" },
  { authorization: "Bearer " },
  { authorization: "bearer let-me-in", let: 200 },
  { authorization: `Basic ${Buffer.from("user:let-me-in").toString("base64")}`, let: 200 },
  { authorization: "Basic let-me-in" },
  { authorization: "Digest let-me-in" },
  { authorization: `Bearer ${"let-me-in ".repeat(100)}x`, let: 200 },
  { authorization: "__proto__" },
];
for (const { authorization, let: status = 401 } of guesses) {
  test(`${authorization.slice(0, 30)}: ${status}`, async () => {
    const headers = { authorization, host: "crosscheck.example" };
    assert.equal(await statusFor(doorWith("let-me-in"), "192.0.2.2", headers), status);
  });
}

/** `fetch` lets nobody set the header. */
function ask(hostname: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host: `localhost:${port}` };
    httpRequest({ hostname, port, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
