import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startAgent } from "../agent.ts";
import { describeError } from "../model/errors.ts";
import { addressOf } from "./address.ts";
import { untilSignal } from "./signals.ts";

const usage =
  "usage: crosscheck agent --listen HOST:PORT --token-file FILE [--tls-certificate FILE --tls-key FILE]\n";

/** `crosscheck agent`: runs checks for a server that asks with the token, until SIGTERM or SIGINT. */
export async function agent(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      listen: { type: "string" },
      "token-file": { type: "string" },
      "tls-certificate": { type: "string" },
      "tls-key": { type: "string" },
    },
  });
  const tokenFile = values["token-file"];
  const { "tls-certificate": certificate, "tls-key": key } = values;
  const isHalf = (certificate === undefined) !== (key === undefined);
  if (values.listen === undefined || tokenFile === undefined || isHalf) {
    process.stderr.write(usage);
    return 2;
  }
  const stop = untilSignal();
  await using running = await startAgent({
    listen: addressOf(values.listen),
    tokens: readTokens(tokenFile),
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    complain: (why) => process.stderr.write(`the certificate before goes on: ${why}\n`),
  });
  process.stdout.write(`crosscheck agent listens on ${running.url}\n`);
  await stop;
  return 0;
}

/** One a line: two while one takes the other's place. */
function readTokens(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`--token-file: ${describeError(error)}`, { cause: error });
  }
  const lines = text.split("\n").map((line) => line.trim());
  const tokens = lines.filter((line) => line !== "");
  const short = tokens.find((token) => token.length < 16) ?? (tokens.length === 0 ? "" : undefined);
  if (short !== undefined)
    throw new Error(`--token-file: ${path} holds ${short.length} characters; a token has 16 or more`);
  return tokens;
}
