import { parseArgs } from "node:util";
import * as z from "zod";
import { parseDuration } from "../model/settings.ts";
import { apiOptions, openApi, type ApiClient } from "./api-client.ts";
import { terminalText } from "./terminal-text.ts";
import { UsageError } from "./usage.ts";

const usage =
  "usage: crosscheck retry ID… | --action A | --all  [--since 6h] [--server URL] [--token-file FILE]\n";

const pageLength = 100;

const answer = z.object({
  retried: z.array(z.string()),
  skipped: z.array(z.object({ id: z.string(), why: z.string() })),
  cursor: z.string().nullable(),
});
type Skipped = z.output<typeof answer>["skipped"][number];

interface Outcome {
  readonly retried: readonly string[];
  readonly skipped: readonly Skipped[];
}

/** `crosscheck retry`: sends dead letters again. Exit code 1 where one that was named could not be. */
export async function retry(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...apiOptions,
      action: { type: "string" },
      all: { type: "boolean", default: false },
      since: { type: "string" },
    },
  });
  const { action, all, since } = values;
  const byName = positionals.length > 0;
  const ways = [byName, action !== undefined, all].filter(Boolean).length;
  if (ways !== 1 || (byName && since !== undefined)) {
    process.stderr.write(usage);
    return 2;
  }
  const filter = { action, since: sinceOf(since) };
  const api = openApi(values);
  const { retried, skipped } = byName ? await retryEach(api, positionals) : await retryAll(api, filter);
  for (const { id, why } of skipped) process.stdout.write(`${terminalText(`${id} is left: ${why}`)}\n`);
  process.stdout.write(`${retried.length} sent again, ${skipped.length} left\n`);
  return byName && skipped.length > 0 ? 1 : 0;
}

async function retryEach(api: ApiClient, ids: readonly string[]): Promise<Outcome> {
  const retried: string[] = [];
  const skipped: Skipped[] = [];
  for (const id of ids) {
    const path = `/api/v1/deliveries/${encodeURIComponent(id)}/retry`;
    try {
      await api.ask({ method: "POST", path, answer: z.object({ id: z.string() }) });
      retried.push(id);
    } catch (error) {
      skipped.push({ id, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { retried, skipped };
}

/** Page by page: the server takes so many at once. */
async function retryAll(
  api: ApiClient,
  filter: { readonly action: string | undefined; readonly since: string | undefined },
): Promise<Outcome> {
  const retried: string[] = [];
  const skipped: Skipped[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const body = { ...filter, limit: pageLength, cursor };
    const page = await api.ask({ method: "POST", path: "/api/v1/deliveries/retry", body, answer });
    retried.push(...page.retried);
    skipped.push(...page.skipped);
    ({ cursor } = page);
  }
  return { retried, skipped };
}

function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const backMs = parseDuration(text);
  if (backMs === undefined) throw new UsageError("--since is a duration, such as 6h or 2d");
  return new Date(Date.now() - backMs).toISOString();
}
