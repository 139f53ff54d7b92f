import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nextHop, redirectOf, type Hop } from "./redirect.ts";

const policy = { maxRedirects: 5, allowDowngrade: false };
const body = Buffer.from("a=1");

function after(statusCode: number, hop: Partial<Hop>, location = "/next"): Hop {
  const visited = [{ url: new URL("https://shop.example/here"), method: "GET", ...hop }];
  return nextHop(visited, { statusCode, location }, policy);
}

suite("what is asked next (RFC 9110 §15.4)", () => {
  const cases = [
    { statusCode: 301, method: "GET", next: "GET" },
    { statusCode: 302, method: "HEAD", next: "HEAD" },
    { statusCode: 301, method: "POST", body, next: "GET" },
    { statusCode: 302, method: "POST", body, next: "GET" },
    { statusCode: 302, method: "PUT", body, next: "PUT", keeps: true },
    { statusCode: 301, method: "DELETE", next: "DELETE" },
    { statusCode: 303, method: "POST", body, next: "GET" },
    { statusCode: 303, method: "PUT", body, next: "GET" },
    { statusCode: 303, method: "DELETE", next: "GET" },
    { statusCode: 303, method: "HEAD", next: "HEAD" },
    { statusCode: 307, method: "POST", body, next: "POST", keeps: true },
    { statusCode: 308, method: "PATCH", body, next: "PATCH", keeps: true },
  ];
  for (const { statusCode, method, next, keeps = false, ...rest } of cases) {
    test(`${statusCode} after ${method} is ${next}${keeps ? " with the body" : ""}`, () => {
      const hop = after(statusCode, { method, ...rest });
      assert.equal(hop.method, next);
      assert.equal(hop.body, keeps ? body : undefined);
      assert.equal(hop.url.href, "https://shop.example/next");
    });
  }

  test("other statuses, and none without a location, send nobody on", () => {
    for (const status of [200, 201, 300, 304, 305, 404]) assert.equal(redirectOf(status, "/x"), undefined);
    assert.equal(redirectOf(302, undefined), undefined);
  });
});

suite("what is refused", () => {
  test("a body to another origin", () => {
    for (const status of [307, 308]) {
      assert.throws(() => after(status, { method: "POST", body }, "https://other.example/"), {
        errorClass: "http.redirect",
        message:
          "https://shop.example/here redirects a POST to https://other.example/, another origin, where its body is not sent: check that URL",
      });
    }
  });

  test("not the same without its body", () => {
    assert.equal(after(303, { method: "POST", body }, "https://other.example/").method, "GET");
    assert.equal(after(307, { method: "DELETE" }, "https://other.example/").method, "DELETE");
  });

  test("from https to http, unless it is allowed", () => {
    assert.throws(() => after(302, {}, "http://shop.example/"), { message: /from https to http/ });
    const visited = [{ url: new URL("https://shop.example/"), method: "GET" }];
    const redirect = { statusCode: 302, location: "http://shop.example/" };
    const next = nextHop(visited, redirect, { ...policy, allowDowngrade: true });
    assert.equal(next.url.href, "http://shop.example/");
  });

  test("coming back, but not to look at the result of a POST", () => {
    assert.throws(() => after(302, {}, "/here"), { errorClass: "http.redirect-loop" });
    assert.equal(after(303, { method: "POST", body }, "/here").method, "GET");
  });
});
