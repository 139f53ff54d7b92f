import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { suite, test } from "node:test";
import * as z from "zod";
import { generic } from "./generic.ts";
import { admission, statusOf, webhookOf } from "./read.fixture.ts";

const settingsOf = (keys: object = {}) => generic.settings.parse({ type: "generic", name: "any", ...keys });
const read = (body: unknown, keys?: object) => generic.read(webhookOf(body), settingsOf(keys))[0];

const cases = [
  { body: '{"status":"resolved"}', status: "resolved" },
  { body: '{"status":"firing"}', status: "firing" },
  { body: '{"status":"Resolved"}', status: "firing" },
  { body: '{"status":{"resolved":true}}', status: "firing" },
  { body: '{"alert":{"status":"resolved"}}', status: "firing" },
  { body: "{}", status: "firing" },
  { body: '["resolved"]', status: "firing" },
  { body: '"resolved"', status: "firing" },
  { body: "not JSON", status: "firing" },
];

for (const { body, status } of cases) {
  test(`${body} is ${status}`, () => {
    assert.deepEqual(read(body), { status, dedupKey: null, targetUrl: null });
  });
}

suite("what Rego says of the body", () => {
  const keys = {
    status: '{"up": "resolved", "ack": "other"}[input.monitor.state]',
    "dedup-key": "input.monitor.id",
    url: "input.monitor.url",
  };

  test("status, key and URL", () => {
    const monitor = { state: "up", id: "m1", url: "https://a.example" };
    const expected = { status: "resolved", dedupKey: "m1", targetUrl: "https://a.example/" };
    assert.deepEqual(read({ monitor }, keys), expected);
    assert.equal(read({ monitor: { ...monitor, state: "ack" } }, keys)?.status, "other");
  });

  test("what has no value fires, without a key and a URL", () => {
    const expected = { status: "firing", dedupKey: null, targetUrl: null };
    assert.deepEqual(read({}, keys), expected);
    assert.deepEqual(
      read({ monitor: { state: "down", id: null, url: "javascript:alert(1)" } }, keys),
      expected,
    );
  });

  test("a key that is no text is written as JSON", () => {
    assert.equal(read({ monitor: { id: 7 } }, keys)?.dedupKey, "7");
  });

  test("a word that is no status fires, and so does one of the body's", () => {
    assert.equal(read({ status: "resolved", state: "fine" }, { status: "input.state" })?.status, "firing");
  });

  test("an expression that errs, or has no end, is a fault that names it", () => {
    const erring = 'count({"a": v | some v in input.values})';
    assert.throws(
      () => read({ values: [1, 2] }, { "dedup-key": erring }),
      (error: Error) => error.message.includes(erring) && error.cause !== undefined,
    );
    const endless = "count([1 | some a in input.l; some b in input.l; some c in input.l])";
    assert.throws(
      () => read({ l: Array.from({ length: 1000 }, () => 1) }, { "dedup-key": endless }),
      /failed/,
    );
  });

  test("one that cannot be compiled is refused with the file", () => {
    const result = generic.settings.safeParse({ type: "generic", name: "any", url: "input." });
    assert.match(result.error?.issues[0]?.message ?? "", /^Rego: /);
    assert.deepEqual(result.error?.issues[0]?.path, ["url"]);
  });

  test("the settings can be written again", () => {
    const written = z.encode(generic.settings, settingsOf({ url: "input.x" }));
    assert.deepEqual(
      Object.entries(written as object).find(([key]) => key === "url"),
      ["url", "input.x"],
    );
  });
});

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text);

suite("signatures", () => {
  const body = '{"any":"thing"}';
  const now = 1_763_780_520_000;
  const statusFor = async (keys: object, headers: Record<string, string>) => {
    const said = await admission(generic.proof?.(settingsOf(keys)), webhookOf(body, headers), { now });
    return statusOf(said);
  };

  test("hex after a prefix", async () => {
    const keys = { secrets: ["s"], "signature-header": "X-Hub-Signature-256", "signature-prefix": "sha256=" };
    const hex = hmac("s", body).digest("hex");
    assert.equal(await statusFor(keys, { "x-hub-signature-256": `sha256=${hex}` }), "admitted");
    assert.equal(await statusFor(keys, { "x-hub-signature-256": hex }), 401);
    assert.equal(await statusFor(keys, {}), 401);
  });

  test("base64", async () => {
    const keys = { secrets: ["s"], signature: "base64" };
    assert.equal(await statusFor(keys, { "x-signature": hmac("s", body).digest("base64") }), "admitted");
    assert.equal(await statusFor(keys, { "x-signature": hmac("s", body).digest("hex") }), 401);
  });

  test("the example of GitHub's documentation", async () => {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    const proof = generic.proof?.(
      settingsOf({
        secrets: ["It's a Secret to Everybody"],
        "signature-header": "X-Hub-Signature-256",
        "signature-prefix": "sha256=",
      }),
    );
    const hex = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const webhook = webhookOf("Hello, World!", { "x-hub-signature-256": `sha256=${hex}` });
    assert.deepEqual(await admission(proof, webhook), { admitted: true });
  });

  suite("with the time of sending", () => {
    const seconds = String(now / 1000);
    const header = { "timestamp-header": "X-Time" };
    const forms = [
      { name: "before a dot", settings: {}, time: seconds, signed: `${seconds}.${body}` },
      {
        name: "in Slack's form",
        settings: { signed: "v0:{timestamp}:{body}", "signature-prefix": "v0=" },
        time: seconds,
        signed: `v0:${seconds}:${body}`,
      },
      {
        name: "in milliseconds, not signed, as Checkly has it",
        settings: { signed: "{body}" },
        time: String(now),
        signed: body,
      },
      {
        name: "with dollars",
        settings: { signed: "$&{timestamp}$1{body}" },
        time: seconds,
        signed: `$&${seconds}$1${body}`,
      },
    ];
    for (const { name, settings, time, signed } of forms) {
      test(name, async () => {
        const keys = { secrets: ["old", "new"], ...header, ...settings };
        const prefix = "signature-prefix" in settings ? settings["signature-prefix"] : "";
        const by = (secret: string) => `${prefix}${hmac(secret, signed).digest("hex")}`;
        for (const secret of ["old", "new"])
          assert.equal(await statusFor(keys, { "x-time": time, "x-signature": by(secret) }), "admitted");
        assert.equal(await statusFor(keys, { "x-time": time, "x-signature": by("else") }), 401);
        assert.equal(await statusFor(keys, { "x-signature": by("new") }), 401);
      });
    }

    const at = (time: string) => ({
      "x-time": time,
      "x-signature": hmac("s", `${time}.${body}`).digest("hex"),
    });

    test("is refused when it is older than the tolerance, or none; a repeat within it is taken", async () => {
      const keys = { secrets: ["s"], ...header, tolerance: "30s" };
      for (const seconds of [29, -29, 29])
        assert.equal(await statusFor(keys, at(String(now / 1000 - seconds))), "admitted");
      for (const seconds of [31, -31])
        assert.equal(await statusFor(keys, at(String(now / 1000 - seconds))), 401);
      for (const time of ["", "now", `${now / 1000}.5`, "9".repeat(30), "-1", "0x10", "NaN"])
        assert.equal(await statusFor(keys, at(time)), 401, time);
    });

    test("a form without a body, or with two, is refused with the file", () => {
      for (const signed of ["", "{timestamp}", "{body}{body}", "{body}.{timestamp}", "{time}.{body}"])
        assert.throws(() => settingsOf({ signed }), /write \{timestamp\} once at most/);
    });
  });

  suite("of Standard Webhooks", () => {
    const key = Buffer.from("twenty-four bytes, about");
    const keys = { secrets: [`whsec_${key.toString("base64")}`], signature: "standard-webhooks" };
    const headersAt = (seconds: number, by: Buffer = key) => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": `${seconds}`,
      "webhook-signature": `v1a,AAAA v1,${hmac(by, `msg_1.${seconds}.${body}`).digest("base64")}`,
    });

    test("fits", async () => {
      assert.equal(await statusFor(keys, headersAt(now / 1000)), "admitted");
    });

    test("the example of the specification", async () => {
      const proof = generic.proof?.(
        settingsOf({ ...keys, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] }),
      );
      const headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      };
      const webhook = webhookOf('{"test": 2432232314}', headers);
      assert.deepEqual(await admission(proof, webhook, { now: 1_614_265_330_000 }), { admitted: true });
    });

    test("does not: old, by another key, of another id, none", async () => {
      assert.equal(await statusFor(keys, headersAt(now / 1000 - 301)), 401);
      assert.equal(await statusFor(keys, headersAt(now / 1000, Buffer.from("another"))), 401);
      assert.equal(await statusFor(keys, { ...headersAt(now / 1000), "webhook-id": "msg_2" }), 401);
      assert.equal(await statusFor(keys, {}), 401);
    });

    test("a secret that is no base64 lets nobody in", async () => {
      const none = { ...keys, secrets: ["whsec_?"] };
      assert.equal(await statusFor(none, headersAt(now / 1000, Buffer.alloc(0))), 401);
    });
  });

  test("a name that is no header's is refused with the file", () => {
    assert.throws(() => settingsOf({ "signature-header": "X Signature" }), /no name of a header/);
  });
});
