import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { test } from "node:test";
import { makeAuthority } from "../../../test/fixtures/certificates.ts";
import { examineReceiver } from "./reach.ts";

test("a receiver that is named by its address is asked over TLS without a word of Node's between the lines", async () => {
  const { cert, key } = await (await makeAuthority()).issue({ names: ["127.0.0.1"] });
  const server = createServer({ cert, key }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on("warning", note);
  try {
    const { port } = server.address() as AddressInfo;
    const receiver = { host: "127.0.0.1", port, tls: true, names: ["hook"] };
    const [diagnosis] = await examineReceiver(receiver).examine(new AbortController().signal);
    // By an authority that nobody knows: the certificate is judged.
    assert.equal(diagnosis?.level, "fail");
    assert.match(diagnosis.says, /hook cannot be told: .*certificate/);
    assert.deepEqual(warnings, []);
  } finally {
    process.off("warning", note);
    server.close();
  }
});
