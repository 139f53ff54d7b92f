import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { LineWriter } from "./line-writer.ts";

/** Takes its first write, and answers when it is let go. */
function slowReader() {
  const seen: string[] = [];
  let letGo: (() => void) | undefined;
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _, done) {
      seen.push(text);
      letGo = () => {
        letGo = undefined;
        done();
      };
    },
  });
  return { seen, stream, letGo: () => letGo?.() };
}

suite("lines for whoever reads them", () => {
  test("those of one turn go out together, in order; at the end without waiting for it", async () => {
    const { seen, stream, letGo } = slowReader();
    const writer = new LineWriter(stream);
    writer.add("one");
    writer.add("two");
    assert.deepEqual(seen, []);
    await turn();
    assert.deepEqual(seen, ["one\ntwo\n"]);
    letGo();
    writer.add("three");
    writer.flush();
    assert.deepEqual(seen, ["one\ntwo\n", "three\n"]);
  });

  test("nobody reads: what waits is bounded, and what is lost is counted once there is room again", async () => {
    const { stream, letGo } = slowReader();
    const writer = new LineWriter(stream);
    const line = "x".repeat(10_000);
    for (let count = 0; count < 1000; count += 1) {
      writer.add(line);
      writer.flush();
    }
    assert.ok(stream.writableLength < 2 * 1024 * 1024, `${stream.writableLength} bytes wait`);
    assert.equal(writer.takeLost(), 0);
    while (stream.writableLength > 0) {
      letGo();
      await turn();
    }
    const lost = writer.takeLost();
    assert.ok(lost > 800 && lost < 1000, `${lost} are lost`);
    assert.equal(writer.takeLost(), 0);
  });
});
