import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A disk that is gone, as one behind a network may be, must hold up neither a reload nor the end of the process. */
const limitMs = 10_000;
/** Much more than anybody writes; a device has no end. */
const largest = 64 * 1024 * 1024;
/** How soon to look again whether somebody has written into a pipe. */
const pauseMs = 20;

/** The text of a file, or why there is none. A pipe is read to its end, once somebody has written into it. */
export async function readText(
  path: string,
  withinMs = limitMs,
): Promise<{ readonly text: string } | { readonly problem: string }> {
  const timeUp = new AbortController();
  try {
    const bytes = await Promise.race([
      readBytes(path, timeUp.signal),
      sleep(withinMs, undefined, { signal: timeUp.signal }),
    ]);
    if (bytes === undefined) return { problem: `it cannot be read: no answer within ${withinMs / 1000} s` };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? { problem: "this is not a text file" } : { text };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return { problem: problems[code ?? ""] ?? `it cannot be read (${code ?? "no reason given"})` };
  } finally {
    timeUp.abort();
  }
}

const problems: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "it cannot be read: no permission",
  EFBIG: "it is larger than 64 MiB",
  EISDIR: "this is a folder, not a file",
  ERR_ENCODING_INVALID_ENCODED_DATA: "this is not a text file: its bytes are not UTF-8",
};

/** Not blocking: a thread that waits for a pipe could not be ended, and the process would wait for it at its end. */
async function readBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const isPipe = (await file.stat()).isFIFO();
  const chunks: Uint8Array[] = [];
  for (let size = 0; size <= largest;) {
    // A pipe that nobody has opened for writing is at its end as well.
    const chunk = await readSome(file, { signal, waits: isPipe && size === 0 });
    if (chunk.length === 0) return Buffer.concat(chunks);
    chunks.push(chunk);
    size += chunk.length;
  }
  throw Object.assign(new Error("too large"), { code: "EFBIG" });
}

async function readSome(
  file: FileHandle,
  { signal, waits }: { readonly signal: AbortSignal; readonly waits: boolean },
): Promise<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(65_536) });
      if (bytesRead > 0 || !waits) return buffer.subarray(0, bytesRead);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}
