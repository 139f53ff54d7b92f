import type { Random } from "../fixtures/random.ts";
import { mutated } from "./fuzz-bodies.ts";
import {
  bearer,
  costly,
  fuzzSecrets,
  methods,
  probes,
  reads,
  senders,
  someId,
  writes,
} from "./fuzz-samples.ts";
import type { Headers } from "./fuzz-samples.ts";

/** A request as it goes over the wire. */
export interface Fuzzed {
  readonly method: string;
  readonly bytes: Uint8Array;
  /**
   * Whether it is HTTP by the letter: then it is answered, by a problem where it is at fault. Otherwise it may be
   * answered or hung up on.
   */
  readonly sound: boolean;
  /** Not to be sent in one go with others: in Node's parser, before any program, their answers would be lost. */
  readonly alone: boolean;
}

/** The next request for the server: two in three bring an alert. */
export function fuzzedForServer(random: Random): Fuzzed {
  const chance = random.next();
  if (chance < 0.66) return alertOf(random);
  if (chance < 0.88) return callOf(random, random.pick(methods), random.pick(reads), Buffer.alloc(0));
  if (chance < 0.881) return callOf(random, "GET", random.pick(costly), Buffer.alloc(0));
  const [path, body] = random.pick(writes);
  return callOf(random, random.next() < 0.8 ? "POST" : random.pick(methods), path, mutated(random, body));
}

/** The next request for an agent. */
export function fuzzedForAgent(random: Random): Fuzzed {
  const body = mutated(random, random.pick(probes));
  const path = random.next() < 0.9 ? "/" : "/healthz";
  const method = random.next() < 0.9 ? "POST" : random.pick(methods);
  const token = random.next() < 0.8 ? bearer(fuzzSecrets.agent)() : strangeAuthorization(random);
  return request(random, { method, path, headers: token, body });
}

function alertOf(random: Random): Fuzzed {
  const { path, samples, proof } = random.pick(senders);
  const body = mutated(random, random.pick(samples));
  const headers =
    random.next() < 0.8 ? proof(body) : { ...proof(Buffer.from("another")), ...strangeAuthorization(random) };
  return request(random, {
    method: random.next() < 0.97 ? "POST" : random.pick(methods),
    path,
    headers,
    body,
  });
}

function callOf(random: Random, method: string, path: string, body: Uint8Array): Fuzzed {
  const token = random.pick([fuzzSecrets.api, fuzzSecrets.read, fuzzSecrets.api, fuzzSecrets.ingest]);
  const headers = random.next() < 0.85 ? bearer(token)() : strangeAuthorization(random);
  return request(random, { method, path, headers, body });
}

function strangeAuthorization(random: Random): Headers {
  return random.pick<Headers>([
    {},
    { authorization: "Bearer" },
    { authorization: `Bearer ${"x".repeat(random.whole(1, 5000))}` },
    { authorization: "Basic Og==" },
    { authorization: "Basic =" },
    { authorization: `Basic ${Buffer.from(`user:${fuzzSecrets.ingest}`).toString("base64")}` },
    { authorization: "Digest username=x" },
    { authorization: `bearer  ${fuzzSecrets.ingest}` },
  ]);
}

interface Parts {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Puts it into bytes, and does odd things to the head as well. */
function request(random: Random, { method, path, headers, body }: Parts): Fuzzed {
  const target = random.next() < 0.15 ? strangePath(random, path) : path;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (random.next() < 0.5) lines.push(`content-type: ${random.pick(contentTypes)}`);
  if (random.next() < 0.1) lines.push(random.pick(oddHeaders));
  if (random.next() < 0.03) return broken(random, { method, target, lines, body });
  const chunked = body.length > 0 && random.next() < 0.1;
  const framing = chunked ? "transfer-encoding: chunked" : `content-length: ${body.length}`;
  const head = `${method} ${target} HTTP/1.1\r\nhost: localhost\r\n${[...lines, framing].join("\r\n")}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head, "latin1"), chunked ? chunksOf(random, body) : body]);
  return { method, bytes, sound: true, alone: lines.some((line) => solitary.has(line)) };
}

const contentTypes = [
  "application/json",
  "text/plain; charset=utf-16",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=",
  'application/json; charset="',
  "*/*",
];

/** Legal, each of them. */
const oddHeaders = [
  "accept: application/xml",
  "accept-encoding: gzip;q=1.0, br",
  "content-encoding: gzip",
  "expect: 100-continue",
  "connection: close",
  "connection: keep-alive, x-y",
  "x-forwarded-for: 10.0.0.1, unknown",
  "if-none-match: *",
  "range: bytes=0-1,2-",
  "origin: null",
  "cookie: a=b; a=c; =",
  "x-http-method-override: DELETE",
  "x-webhook-id: \u00e4\u00f6\u00fc",
  `x-long: ${"y".repeat(4000)}`,
  "idempotency-key: ",
  "sec-fetch-site: cross-site",
];

const solitary = new Set(["expect: 100-continue", "connection: close"]);

function strangePath(random: Random, path: string): string {
  return random.pick<(path: string) => string>([
    (path) => `${path}?token=${fuzzSecrets.ingest}`,
    (path) => `${path}?wait=${random.pick(["0s", "1ms", "-1s", "abc", "", "1e9", "%00"])}`,
    (path) =>
      `${path}?limit=${random.pick(["-1", "0", "1e9", "NaN", "99999999999999999999", "%", "1&limit=2"])}`,
    (path) =>
      `${path}?cursor=${random.pick(["", "%00", "a", "W10", "e30=", "eyJpZCI6MX0", "..%2f", "%ff%fe"])}`,
    (path) => `${path}?since=${random.pick(["", "0", "-7d", "1e99d", "90d", "91d", "7%20d"])}`,
    (path) => `${path}?${"a=b&".repeat(random.whole(1, 500))}`,
    (path) => `${path}/`,
    (path) => `/${path}`,
    (path) => `${path}/../../etc/passwd`,
    (path) => `${path}%00`,
    (path) => `${path}%ff%fe`,
    (path) => `${path}%`,
    (path) => path.toUpperCase(),
    (path) =>
      path.replace(
        /[^/]+$/,
        random.pick(["__proto__", "constructor", "%2e%2e", "*", "null", "a".repeat(3000)]),
      ),
    (path) =>
      path.replace(someId, random.pick(["0", "%27", "ffffffff-ffff-ffff-ffff-ffffffffffff", "%F0%9F%92%A5"])),
    (path) => `http://localhost${path}`,
    () => "/api/v1/",
    () => "/api/v9/incidents",
  ])(path);
}

function chunksOf(random: Random, body: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < body.length;) {
    const size = random.whole(1, Math.max(1, Math.ceil(body.length / 3)));
    const piece = body.subarray(at, at + size);
    const extension = random.next() < 0.1 ? ";a=b" : "";
    pieces.push(Buffer.from(`${piece.length.toString(16)}${extension}\r\n`), piece, Buffer.from("\r\n"));
    at += size;
  }
  return Buffer.concat([
    ...pieces,
    Buffer.from(random.next() < 0.2 ? "0\r\nx-trailer: 1\r\n\r\n" : "0\r\n\r\n"),
  ]);
}

interface BrokenParts {
  readonly method: string;
  readonly target: string;
  readonly lines: readonly string[];
  readonly body: Uint8Array;
}

/** No longer HTTP. */
function broken(random: Random, { method, target, lines, body }: BrokenParts): Fuzzed {
  const head = (first: string, more: readonly string[]) =>
    Buffer.from(`${[first, "host: localhost", ...lines, ...more].join("\r\n")}\r\n\r\n`, "latin1");
  const first = `${method} ${target} HTTP/1.1`;
  const whole = `content-length: ${body.length}`;
  const bytes = random.pick<() => Uint8Array>([
    () => Buffer.concat([head(`BREW ${target} HTTP/1.1`, [whole]), body]),
    () => Buffer.concat([head(first, [`content-length: ${body.length + random.whole(1, 1000)}`]), body]),
    () => Buffer.concat([head(first, ["content-length: -1"]), body]),
    () => Buffer.concat([head(first, [whole, "content-length: 3"]), body]),
    () => Buffer.concat([head(first, [whole, "transfer-encoding: chunked"]), body]),
    () =>
      Buffer.concat([
        head(first, ["transfer-encoding: chunked"]),
        Buffer.from("ffffffffffffffff1\r\n"),
        body,
      ]),
    () => Buffer.concat([head(first, ["transfer-encoding: chunked"]), Buffer.from("-1\r\nx\r\n")]),
    () => Buffer.concat([head(`${method} ${target} HTTP/9.9`, [whole]), body]),
    () => Buffer.concat([head(`${method} ${target}`, []), body]),
    () => Buffer.concat([head(`${method} /a b c HTTP/1.1`, [whole]), body]),
    () => head(first, [`x-large: ${"z".repeat(20_000)}`]),
    () => head(`${method} * HTTP/1.1`, ["content-length: 0"]),
    () => head(`${method} http://[::1${target} HTTP/1.1`, ["content-length: 0"]),
    () => head(first, ["x-bad\u0000name: 1"]),
    () => head(first, ["no colon here"]),
    () => Buffer.from(`${first}\r\n\r\n`),
    () => Buffer.from(`${first}\r\nhost: a\r\nhost: b\r\n\r\n`),
    () => Buffer.from("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "latin1"),
    () => Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    () => Buffer.from(Uint8Array.from({ length: random.whole(1, 300) }, () => random.whole(0, 255))),
    () => head(first, [whole]).subarray(0, random.whole(1, 60)),
  ])();
  return { method, bytes, sound: false, alone: true };
}
