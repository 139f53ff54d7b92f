import { parseArgs } from "node:util";
import * as z from "zod";
import { mark as markWord } from "../model/incident.ts";
import type { Mark } from "../model/incident.ts";
import { apiOptions, openApi } from "./api-client.ts";

const usage =
  "usage: crosscheck mark INCIDENT --real | --not-real | --clear [--server URL] [--token-file FILE]\n";

const answer = z.object({ id: z.string(), mark: markWord.nullable() });

/** `crosscheck mark`: whether an incident was real, in a person's judgement; `crosscheck report` counts by it. */
export async function mark(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...apiOptions,
      real: { type: "boolean", default: false },
      "not-real": { type: "boolean", default: false },
      clear: { type: "boolean", default: false },
    },
  });
  const [id] = positionals;
  const words: (Mark | null)[] = [
    ...(values.real ? (["real"] as const) : []),
    ...(values["not-real"] ? (["not-real"] as const) : []),
    ...(values.clear ? [null] : []),
  ];
  const [word] = words;
  if (id === undefined || positionals.length > 1 || word === undefined || words.length > 1) {
    process.stderr.write(usage);
    return 2;
  }
  const path = `/api/v1/incidents/${encodeURIComponent(id)}/mark`;
  const marked = await openApi(values).ask({ method: "POST", path, body: { mark: word }, answer });
  process.stdout.write(`${marked.id} ${marked.mark === null ? "has no mark" : `is marked ${marked.mark}`}\n`);
  return 0;
}
