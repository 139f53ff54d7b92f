import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { suite, test } from "node:test";
import { makeAuthority } from "../../test/fixtures/certificates.ts";
import { getText } from "./get-text.ts";

const name = "sns.eu-west-1.amazonaws.com";
const authority = await makeAuthority();
const certificate = await authority.issue({ names: [name] });

/** The text at SNS's address, where a server of this machine stands in for it. */
async function textFrom(listener: RequestListener, ca = authority.cert): Promise<string> {
  const server = createServer(certificate, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    return await getText(new URL(`https://${name}/cert.pem?x=1`), {
      port,
      ca,
      lookup: (_, __, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

suite("getText", () => {
  test("gives the body, asked for by name and path", async () => {
    const text = await textFrom((request, response) => {
      response.end(`${request.method} ${request.headers.host?.split(":")[0]} ${request.url}`);
    });
    assert.equal(text, `GET ${name} /cert.pem?x=1`);
  });

  test("follows no redirect", async () => {
    const asked: (string | undefined)[] = [];
    const redirect: RequestListener = (request, response) => {
      asked.push(request.url);
      response.writeHead(302, { location: "/elsewhere" }).end();
    };
    await assert.rejects(textFrom(redirect), /answered 302/);
    assert.deepEqual(asked, ["/cert.pem?x=1"]);
  });

  test("refuses what is no answer, too large, or breaks off", async () => {
    await assert.rejects(
      textFrom((_, response) => response.writeHead(500).end()),
      /answered 500/,
    );
    await assert.rejects(
      textFrom((_, response) => response.end("x".repeat(65_537))),
      /more than 65536 bytes/,
    );
    await assert.rejects(textFrom((_, response) => response.destroy()));
    await assert.rejects(textFrom((_, response) => response.write("begun", () => response.destroy())));
  });

  test("trusts nobody but who can show the name", async () => {
    const other = await makeAuthority();
    await assert.rejects(
      textFrom((_, response) => response.end("x"), other.cert),
      /certificate/,
    );
  });
});
