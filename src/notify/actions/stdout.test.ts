import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { composeMessage } from "../message.ts";
import { messageText } from "../message-text.ts";
import { confirmed, recovered, regional } from "../scenes.fixture.ts";

/** Prints messages in a process of its own, whose output nothing else writes to, once its input has ended. */
const program = `
  import { stdout } from ${JSON.stringify(import.meta.resolve("./stdout.ts"))};
  import { text } from "node:stream/consumers";
  const settings = stdout.settings.parse({ type: "stdout", name: "here" });
  for (const message of JSON.parse(await text(process.stdin)))
    await stdout.send(message, settings, AbortSignal.timeout(30_000)).catch((error) => console.error(error.message));
`;

function startPrinting() {
  return spawn(process.execPath, ["--input-type=module", "--eval", program]);
}

const messages = [confirmed, recovered].map(composeMessage);

test("messages are printed as text, with a blank line after each", async () => {
  const printing = startPrinting();
  printing.stdin.end(JSON.stringify(messages));
  const expected = messages.map((message) => `${messageText(message)}\n\n`).join("");
  assert.equal(await text(printing.stdout), expected);
});

test("a closed pipe fails each delivery and ends nothing", async () => {
  const printing = startPrinting();
  printing.stdout.destroy();
  printing.stdin.end(JSON.stringify(messages));
  const [errors, [code]] = await Promise.all([text(printing.stderr), once(printing, "exit")]);
  assert.equal(errors, "could not print\ncould not print\n");
  assert.equal(code, 0);
});

test("the page about it shows a real message", async () => {
  const page = await readFile(new URL("../../../docs/actions/stdout.md", import.meta.url), "utf8");
  assert.ok(page.includes(messageText(composeMessage(regional))));
});
