import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { startTcpServer } from "../test/fixtures/tcp-server.ts";
import { deadline } from "./deadline.ts";

test("a deadline of weeks is not over at once", (context) => {
  const set = context.mock.method(globalThis, "setTimeout");
  using limit = deadline(new AbortController().signal, 30 * 86_400_000);
  assert.equal(limit.signal.aborted, false);
  assert.equal(set.mock.calls[0]?.arguments[1], 2 ** 31 - 1);
});

test("what came while the process was held up is read before time is up", async () => {
  const answering = Promise.withResolvers<Socket>();
  await using server = await startTcpServer(answering.resolve);
  const client = connect(server.port, server.host);
  await once(client, "connect");
  const socket = await answering.promise;
  const story: string[] = [];
  client.once("data", () => story.push("answer"));
  using limit = deadline(new AbortController().signal, 20);
  socket.write("in time");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  await once(limit.signal, "abort");
  story.push("over");
  assert.deepEqual(story, ["answer", "over"]);
});
