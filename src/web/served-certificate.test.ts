import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { makeAuthority, type Authority, type Certificate } from "../../test/fixtures/certificates.ts";
import { until } from "../../test/fixtures/until.ts";
import { CertificateError, validityFault, readCertificate } from "../config/certificate.ts";
import { listenOn, type Listener } from "./listen.ts";
import { ServedCertificate } from "./served-certificate.ts";

const answer = () => new Response("here");

suite("a certificate that is served", () => {
  const parts = new AsyncDisposableStack();
  const refused: string[] = [];
  let renewed = 0;
  let authority: Authority;
  let folder: string;
  let files: { readonly certificate: string; readonly key: string };
  let served: ServedCertificate;
  let listener: Listener;

  before(async () => {
    authority = await makeAuthority();
    folder = await mkdtemp(join(tmpdir(), "crosscheck-certificate-"));
    parts.defer(() => rm(folder, { recursive: true }));
    files = { certificate: join(folder, "server.crt"), key: join(folder, "server.key") };
    await write(await authority.issue({ names: ["one.test", "127.0.0.1"] }));
    served = parts.use(
      new ServedCertificate(files, {
        everyMs: 20,
        renewed: () => {
          renewed += 1;
        },
        refused: (why) => refused.push(why),
      }),
    );
    listener = parts.use(await listenOn(answer, { host: "127.0.0.1", port: 0 }, { certificate: served }));
  });
  after(() => parts.disposeAsync());

  const write = async ({ cert, key }: Certificate) => {
    await writeFile(files.certificate, cert);
    await writeFile(files.key, key);
  };

  test("is what callers see, over TLS 1.2 and above, with its own headers", async () => {
    assert.match(listener.url, /^https:/);
    const { body, headers } = await ask(listener.url, authority.cert);
    assert.equal(body, "here");
    assert.equal(headers["strict-transport-security"], "max-age=2592000");
    await assert.rejects(nameShown(listener.port, { maxVersion: "TLSv1.1", minVersion: "TLSv1.1" }));
    assert.equal(await nameShown(listener.port), "one.test");
  });

  test("one that replaces it is served from then on, and who is connected stays so", async () => {
    const open = await connected(listener.port);
    await write(await authority.issue({ names: ["two.test", "127.0.0.1"] }));
    await until("the new one to be served", async () => (await nameShown(listener.port)) === "two.test");
    assert.ok(renewed >= 1);
    assert.match(await answerOn(open), /^HTTP\/1\.1 200 .*here$/s);
    open.destroy();
  });

  test("files that do not fit leave it alone, and are told once", async () => {
    const other = await authority.issue({ names: ["three.test"] });
    await writeFile(files.certificate, other.cert);
    await until("the complaint", () => refused.length > 0);
    assert.equal(await nameShown(listener.port), "two.test");
    await rm(files.key);
    await until("another complaint", () => refused.length > 1);
    await writeFile(files.key, other.key);
    await until("what fits to be served", async () => (await nameShown(listener.port)) === "three.test");
    assert.deepEqual(refused, [
      `${files.key} is not the key of the certificate in ${files.certificate}`,
      `${files.key}: there is no such file`,
    ]);
  });

  test("other files take its place by a reload", async () => {
    const other = await authority.issue({ names: ["four.test"] });
    const next = { certificate: join(folder, "other.crt"), key: join(folder, "other.key") };
    await writeFile(next.certificate, other.cert);
    await writeFile(next.key, other.key);
    served.use(next);
    assert.equal(await nameShown(listener.port), "four.test");
  });
});

suite("files that cannot be served", () => {
  const parts = new AsyncDisposableStack();
  let folder: string;
  let good: Certificate;
  let other: Certificate;

  before(async () => {
    const authority = await makeAuthority();
    good = await authority.issue({ names: ["one.test"] });
    other = await authority.issue({ names: ["two.test"] });
    folder = await mkdtemp(join(tmpdir(), "crosscheck-certificate-"));
    parts.defer(() => rm(folder, { recursive: true }));
  });
  after(() => parts.disposeAsync());

  const cases = [
    { name: "no certificate", cert: () => null, key: () => good.key, says: /c\.pem: there is no such file$/ },
    { name: "no key", cert: () => good.cert, key: () => null, says: /k\.pem: there is no such file$/ },
    { name: "no PEM", cert: () => "cert", key: () => good.key, says: /c\.pem holds no certificate in PEM/ },
    {
      name: "no key's PEM",
      cert: () => good.cert,
      key: () => "key",
      says: /k\.pem holds no private key in PEM/,
    },
    {
      name: "a passphrase",
      cert: () => good.cert,
      key: () => locked(good.key),
      says: /k\.pem is locked with a passphrase/,
    },
    {
      name: "another's key",
      cert: () => good.cert,
      key: () => other.key,
      says: /k\.pem is not the key of the certificate in .*c\.pem$/,
    },
  ];
  for (const { name, cert, key, says } of cases) {
    test(`${name}: said in one line, without what is in them`, async () => {
      const files = { certificate: join(folder, "c.pem"), key: join(folder, "k.pem") };
      await rm(files.certificate, { force: true });
      await rm(files.key, { force: true });
      const [certText, keyText] = [cert(), key()];
      if (certText !== null) await writeFile(files.certificate, certText);
      if (keyText !== null) await writeFile(files.key, keyText);
      assert.throws(
        () => readCertificate(files),
        (error) => error instanceof CertificateError && says.test(error.message) && !/\n/.test(error.message),
      );
    });
  }
});

function locked(key: string): string {
  const form = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open" } as const;
  return createPrivateKey(key).export(form);
}

const day = 86_400_000;
const validities = [
  { from: -1, to: 90, says: /^nothing$/ },
  { from: -1, to: 6, says: /expires soon/ },
  { from: -90, to: -1, says: /has expired/ },
  { from: 1, to: 90, says: /is not valid before/ },
];
for (const { from, to, says } of validities) {
  test(`valid from day ${from} to ${to}: ${says.source}`, () => {
    const now = Date.UTC(2026, 10, 22);
    const certificate = {
      context: {},
      notBefore: now + from * day,
      notAfter: now + to * day,
    };
    assert.match(validityFault(certificate, now) ?? "nothing", says);
  });
}

/** fetch takes no certificate authority. */
async function ask(url: string, ca: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    body: string;
    headers: Record<string, unknown>;
  }>();
  get(url, { ca, agent: false }, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    response.on("end", () => resolve({ body, headers: response.headers }));
  }).on("error", reject);
  return promise;
}

/** The name that a certificate is for. */
async function nameShown(port: number, versions: object = {}): Promise<string | undefined> {
  const socket = await connected(port, versions);
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return Array.isArray(CN) ? CN[0] : CN;
}

function connected(port: number, versions: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // Whose it is does not matter here: the tests look at what it says.
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...versions }, () =>
      resolve(socket),
    );
    socket.on("error", reject);
  });
}

function answerOn(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.endsWith("here")) resolve(text);
    });
    socket.write("GET / HTTP/1.1\r\nHost: one.test\r\n\r\n");
  });
}
