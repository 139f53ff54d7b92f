import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startAgent } from "../agent.ts";
import { describeError } from "../model/errors.ts";
import { addressOf } from "./address.ts";
import { untilSignal } from "./signals.ts";

const usage = "usage: crosscheck agent --listen HOST:PORT --token-file FILE\n";

/** `crosscheck agent`: runs checks for a server that asks with the token, until SIGTERM or SIGINT. */
export async function agent(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { listen: { type: "string" }, "token-file": { type: "string" } },
  });
  const tokenFile = values["token-file"];
  if (values.listen === undefined || tokenFile === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const stop = untilSignal();
  await using running = await startAgent({ listen: addressOf(values.listen), token: readToken(tokenFile) });
  process.stdout.write(`crosscheck agent listens on ${running.url}\n`);
  await stop;
  return 0;
}

function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`--token-file: ${describeError(error)}`, { cause: error });
  }
  if (token.length < 16)
    throw new Error(`--token-file: ${path} holds ${token.length} characters; a token has 16 or more`);
  return token;
}
