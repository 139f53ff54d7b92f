import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { startHttp2Server, type Http2Route } from "../../../test/fixtures/http2-server.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import type { Observation } from "../../model/observation.ts";
import { runProbe } from "../run-probe.ts";

/** One attempt over HTTP/2 without TLS: the server keeps bodies. */
function look(url: string, check: object = {}, rest: object = {}): Promise<Observation> {
  const once = { retry: { attempts: 1, backoff: "1ms" }, "http-version": 2, ...check };
  return runProbe(probeRequestFor(url, { check: once, ...rest }), { signal: AbortSignal.timeout(60_000) });
}

const redirect =
  (code: number, location: string): Http2Route =>
  (_, response) => {
    response.writeHead(code, { location }).end();
  };

const echo: Http2Route = ({ headers, body }, response) => {
  response.setHeader("x-echo", `${headers.authorization} ${body.replaceAll("\n", " ")}`);
  response.end(JSON.stringify({ headers, body }));
};

/** Everything that it was sent, in every way, and where the password is. */
const tell: Http2Route = ({ headers, body }, response) => {
  const basic = Buffer.from((headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
  const said = `${JSON.stringify(headers)} ${JSON.stringify(body)} ${body} ${basic} hush-hush`;
  response.writeHead(400, { "x-said": said.replaceAll(/[^\x20-\x7e]/g, "?") }).end(said);
};

suite("methods and bodies", () => {
  for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const body = method === "GET" || method === "HEAD" ? {} : { body: '{"name":"Grüße"}' };
    for (const version of ["1.1", "2"]) {
      test(`${method} over ${version}`, async () => {
        const seen: { method?: string | undefined; body: string; length?: string | undefined }[] = [];
        await using server = await startHttp2Server();
        await using old = await startFaultServer({
          routes: {
            "/": async (request, response) => {
              const chunks = (await request.toArray()) as Buffer[];
              const text = Buffer.concat(chunks).toString();
              seen.push({ method: request.method, body: text, length: request.headers["content-length"] });
              response.end("ok");
            },
          },
        });
        const url = version === "2" ? server.url : old.url;
        const observed = await look(url, { method, "http-version": version, ...body });
        assert.equal(observed.outcome, "pass", observed.message);
        assert.equal(observed.http?.version, version);
        const request = version === "2" ? server.requests[0] : seen[0];
        assert.equal(request?.method, method);
        assert.equal(request.body, body.body ?? "");
        if (version === "1.1" && body.body !== undefined)
          assert.equal(seen[0]?.length, String(Buffer.byteLength(body.body)));
      });
    }
  }

  test("a POST may do without", async () => {
    await using server = await startFaultServer();
    assert.equal((await look(server.url, { method: "POST", "http-version": "1.1" })).outcome, "pass");
    assert.equal(server.requests[0]?.headers["content-length"], "0");
    assert.equal(server.requests[0].headers["content-type"], undefined);
  });

  const types = [
    { body: '{"a": 1}', type: "application/json" },
    { body: "[1]", type: "application/json" },
    { body: "a=1&b=2", type: "text/plain; charset=utf-8" },
    { body: "12", type: "text/plain; charset=utf-8" },
    {
      body: "a=1",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      type: "application/x-www-form-urlencoded",
    },
  ];
  for (const { type, ...check } of types) {
    test(`${check.body} is ${type}`, async () => {
      await using server = await startHttp2Server();
      await look(server.url, { method: "POST", ...check });
      assert.equal(server.requests[0]?.headers["content-type"], type);
    });
  }

  test("basic-auth is UTF-8 in base64", async () => {
    await using server = await startHttp2Server();
    await look(server.url, { "basic-auth": { username: "me", password: "pässword" } });
    const sent = server.requests[0]?.headers.authorization ?? "";
    assert.equal(Buffer.from(sent.replace("Basic ", ""), "base64").toString(), "me:pässword");
  });
});

suite("redirects of a body", () => {
  const allowLoopback = { target: { from: "config", allowPrivate: ["127.0.0.0/8"] } };
  const check = { method: "POST", body: '{"key":"hush-hush"}', headers: { "x-key": "hush-hush" } };

  test("303 asks for the result, without the body and what describes it", async () => {
    await using server = await startHttp2Server({ routes: { "/": redirect(303, "/done") } });
    const seen = await look(server.url, check);
    assert.equal(seen.outcome, "pass", seen.message);
    const [first, second] = server.requests;
    assert.equal(first?.body, check.body);
    assert.partialDeepStrictEqual(second, { method: "GET", path: "/done", body: "" });
    assert.equal(second?.headers["content-type"], undefined);
    assert.equal(second?.headers["x-key"], "hush-hush");
  });

  test("308 sends it again to the same origin", async () => {
    await using server = await startHttp2Server({ routes: { "/": redirect(308, "/moved") } });
    const seen = await look(server.url, check);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.partialDeepStrictEqual(server.requests[1], { method: "POST", path: "/moved", body: check.body });
    assert.equal(server.requests[1]?.headers["content-type"], "application/json");
  });

  test("307 to another origin is not followed, and nobody there is asked", async () => {
    await using there = await startHttp2Server();
    await using here = await startHttp2Server({ routes: { "/": redirect(307, `${there.url}/`) } });
    const seen = await look(here.url, check, allowLoopback);
    assert.equal(seen.errorClass, "http.redirect");
    assert.match(seen.message, /redirects a POST to .*, another origin, where its body is not sent/);
    assert.deepEqual(there.requests, []);
  });

  test("302 to another origin asks without anything of ours", async () => {
    await using there = await startHttp2Server();
    await using here = await startHttp2Server({ routes: { "/": redirect(302, `${there.url}/`) } });
    const seen = await look(
      here.url,
      { ...check, "basic-auth": { username: "me", password: "hush-hush" } },
      allowLoopback,
    );
    assert.equal(seen.outcome, "pass", seen.message);
    assert.partialDeepStrictEqual(there.requests[0], { method: "GET", body: "" });
    assert.doesNotMatch(JSON.stringify(there.requests), /hush|authorization|content-/);
  });
});

suite("secrets that the target sends back", () => {
  const cases: Record<string, object> = {
    "a token": { headers: { authorization: "Bearer hush-hush" } },
    "a cookie": { headers: { cookie: "session=hush-hush; theme=dark" } },
    "a password": { "basic-auth": { username: "me", password: "hush" } },
    "a body": { method: "POST", body: "hush-hush" },
    "a value of a JSON body": { method: "POST", body: '{"user": {"password": "hush-hush"}}' },
    "a value of a form": { method: "POST", body: "user=me&password=hush-hush" },
  };
  for (const [name, check] of Object.entries(cases)) {
    test(`${name} is in no answer`, async () => {
      await using server = await startHttp2Server({ routes: { "/": tell } });
      const assertions = [
        { source: "body", comparison: "equals", target: "x" },
        { source: "header", property: "x-said", comparison: "equals", target: "x" },
      ];
      const seen = await look(server.url, { ...check, assertions });
      assert.equal(seen.outcome, "fail");
      assert.match(JSON.stringify(seen), /\[secret\]/);
      assert.doesNotMatch(JSON.stringify(seen), /hush/);
      const basic = Buffer.from("me:hush").toString("base64");
      assert.ok(!JSON.stringify(seen).includes(basic));
    });

    test(`${name} is in no redirect`, async () => {
      await using server = await startHttp2Server({
        routes: {
          "/": redirect(303, "/login?why=hush-hush"),
          "/login": redirect(302, "/login?why=hush-hush"),
        },
      });
      const seen = await look(server.url, check);
      assert.equal(seen.errorClass, "http.redirect-loop");
      assert.doesNotMatch(JSON.stringify(seen), /hush/);
    });
  }

  test("nor as URLs write them", async () => {
    const password = "hush & hush?";
    await using server = await startHttp2Server({
      routes: { "/": redirect(302, `/?why=${encodeURIComponent(password)}`) },
    });
    const seen = await look(server.url, { "basic-auth": { username: "me", password } });
    assert.match(seen.message, /\?why=\[secret\]/);
  });

  test("an echo of the whole request is described without them", async () => {
    await using server = await startHttp2Server({ routes: { "/": echo } });
    const seen = await look(server.url, {
      method: "PUT",
      body: '{"pin": "1234567890"}',
      "basic-auth": { username: "me", password: "hush-hush" },
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.doesNotMatch(JSON.stringify(seen), /hush-hush|1234567890/);
  });
});

test("headers that tell of caches stay, however many there are before them", async () => {
  await using server = await startFaultServer({
    routes: {
      "/": (_, response) => {
        for (let at = 0; at < 60; at += 1) response.setHeader(`x-filler-${at}`, "x");
        response.setHeader("age", "12").setHeader("cf-ray", "8f1d2c3b4a596877-FRA");
        response.setHeader("x-served-by", "cache-fra-etou8220101-FRA").end("ok");
      },
    },
  });
  const seen = await look(server.url, { "http-version": "1.1" });
  assert.equal(Object.keys(seen.http?.headers ?? {}).length, 40);
  assert.partialDeepStrictEqual(seen.http?.headers, {
    age: "12",
    "cf-ray": "8f1d2c3b4a596877-FRA",
    "x-served-by": "cache-fra-etou8220101-FRA",
    "x-filler-0": "x",
  });
});

suite("what is sent is cut out however it is written", () => {
  const password = `p&ss<"wörd's/1`;
  const written: { name: string; text: string }[] = [
    { name: "as it is", text: password },
    { name: "in JSON", text: JSON.stringify({ password }) },
    { name: "in a URL's path", text: encodeURI(password) },
    { name: "in a query", text: encodeURIComponent(password) },
    { name: "in a form", text: new URLSearchParams({ password }).toString() },
    { name: "in HTML", text: "p&amp;ss&lt;&quot;wörd&#39;s/1" },
    { name: "in PHP's HTML", text: "p&amp;ss&lt;&quot;wörd&#039;s/1" },
    { name: "in Python's HTML", text: "p&amp;ss&lt;&quot;wörd&#x27;s/1" },
    { name: "in an HTML text", text: `p&amp;ss&lt;"wörd's/1` },
  ];
  for (const { name, text } of written) {
    test(name, async () => {
      await using server = await startFaultServer({
        routes: { "/": (_, response) => void response.end(`not ${text}!`) },
      });
      const check = { "basic-auth": { username: "me", password }, "http-version": "1.1" };
      const seen = await look(server.url, check);
      assert.match(seen.http?.bodySample ?? "", /^not .*\[secret\]"?\}?!$/);
    });
  }

  const bodies: { body: string; told: string }[] = [
    { body: '{"pin": 1234567890}', told: "1234567890" },
    { body: "<login><password>hunter2hunter2</password></login>", told: "hunter2hunter2" },
    { body: "user=me&pass=hunter2%21hunter2", told: "hunter2%21hunter2" },
  ];
  for (const { body, told } of bodies) {
    test(`a value in ${body}`, async () => {
      await using server = await startFaultServer({
        routes: { "/": (_, response) => void response.end(`what is ${told}?`) },
      });
      const seen = await look(server.url, { method: "POST", body, "http-version": "1.1" });
      assert.equal(seen.http?.bodySample, "what is [secret]?");
    });
  }
});

test("what is wrong with JSON is told without a piece of it", async () => {
  await using server = await startFaultServer({
    routes: { "/": ({ headers }, response) => void response.end(headers.authorization) },
  });
  const check = {
    "http-version": "1.1",
    headers: { authorization: "hush-hush-hush" },
    assertions: [{ source: "json-body", property: "$.ok", comparison: "not-null" }],
  };
  const seen = await look(server.url, check);
  assert.equal(seen.errorClass, "content.json");
  assert.match(seen.message, /^the body is not JSON: Unexpected token 'h' at /);
});
