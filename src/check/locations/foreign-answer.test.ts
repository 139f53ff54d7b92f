import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { pass } from "../../../test/fixtures/observations.ts";
import { judgeForeignAnswer } from "./foreign-answer.ts";

function judge(status: number, text: string) {
  return judgeForeignAnswer({ status, headers: {}, text, elapsedMs: 3012 });
}

suite("the answer of somebody's function", () => {
  const seen = pass("eu");

  test("our protocol: what it saw", () => {
    const answer = judge(200, JSON.stringify({ version: 1, observation: seen }));
    assert.deepEqual(answer, { kind: "observation", observation: seen });
  });

  const passes: { name: string; status?: number; text: string; says: string }[] = [
    { name: "the walkthrough's sentence", text: "site is up! at 2026", says: "site is up! at 2026" },
    { name: "the sentence as JSON", text: '"site is up! at 2026"', says: "site is up! at 2026" },
    { name: "nothing", status: 204, text: "", says: "" },
    { name: "null", text: "null", says: "null" },
    { name: "an object", text: '{"ok":true}', says: '{"ok":true}' },
    { name: "an object with a version", text: '{"version":1}', says: '{"version":1}' },
    { name: "several lines", text: "all\n  is \t well\n", says: "all is well" },
    { name: "a page", text: "x".repeat(500), says: `${"x".repeat(199)}…` },
  ];
  for (const { name, status = 200, text, says } of passes) {
    test(`${name}: pass`, () => {
      assert.deepEqual(judge(status, text), { kind: "pass", text: says });
    });
  }

  const failures: { name: string; status: number; text: string; message: RegExp }[] = [
    {
      name: "thrown",
      status: 502,
      text: "Internal Server Error",
      message: /answered 502 after 3\.0 s: it threw/,
    },
    { name: "out of time", status: 504, text: "", message: /answered 504 after 3\.0 s: it ran out of time/ },
    {
      name: "an error passed on by a gateway",
      status: 200,
      text: '{"errorType": "Exception", "errorMessage": "Validation failed", "stackTrace": []}',
      message: /^the function failed: Exception: Validation failed$/,
    },
  ];
  for (const { name, status, text, message } of failures) {
    test(`${name}: fail`, () => {
      const answer = judge(status, text);
      assert.partialDeepStrictEqual(answer, { kind: "fail", errorClass: "http.function-error" });
      assert.match(answer.kind === "fail" ? answer.message : "", message);
    });
  }

  const votesNot: {
    status: number;
    text?: string;
    errorClass: string;
    retryable?: boolean;
    message: RegExp;
  }[] = [
    { status: 301, errorClass: "location.protocol", message: /answered 301$/ },
    { status: 400, errorClass: "location.protocol", message: /answered 400$/ },
    { status: 401, errorClass: "location.unauthorized", message: /answered 401$/ },
    {
      status: 403,
      text: '{"Message":"Forbidden"}',
      errorClass: "location.unauthorized",
      message: /403; callers need lambda:InvokeFunctionUrl and lambda:InvokeFunction, /,
    },
    { status: 404, errorClass: "location.protocol", message: /404; is its URL right\?$/ },
    { status: 429, errorClass: "location.throttled", retryable: true, message: /429; has it enough/ },
    {
      status: 500,
      text: '{"detail": "out of order"}',
      errorClass: "location.protocol",
      retryable: true,
      message: /500: out of order$/,
    },
    { status: 503, errorClass: "location.protocol", retryable: true, message: /503$/ },
    {
      status: 200,
      text: '{"version": 1, "observation": {"outcome": "pass"}}',
      errorClass: "location.protocol",
      message: /the function cannot be understood: its answer is not the probe protocol: observation\./,
    },
    {
      status: 200,
      text: '{"version": 2, "observation": {}}',
      errorClass: "location.protocol",
      message: /not of version 1/,
    },
  ];
  for (const { status, text = "", errorClass, retryable = false, message } of votesNot) {
    test(`${status} ${text}: no vote`, () => {
      const answer = judge(status, text);
      assert.partialDeepStrictEqual(answer, { kind: "error", retryable });
      assert(answer.kind === "error");
      assert.equal(answer.error.errorClass, errorClass);
      assert.match(answer.error.message, message);
    });
  }
});
