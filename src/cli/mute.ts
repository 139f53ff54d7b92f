import { parseArgs } from "node:util";
import * as z from "zod";
import { apiOptions, openApi } from "./api-client.ts";
import { terminalText } from "./terminal-text.ts";

const usage = `usage: crosscheck mute --subject S | --route R --for 2h --reason TEXT [--server URL] [--token-file FILE]
       crosscheck mute list [--json] [--server URL] [--token-file FILE]
       crosscheck mute end ID [--server URL] [--token-file FILE]
`;

/** A mute as the API gives it. */
const mute = z.object({
  id: z.string(),
  route: z.string().nullable(),
  subject: z.string().nullable(),
  from: z.string(),
  until: z.string(),
  reason: z.string(),
  actor: z.string(),
});
type ShownMute = z.output<typeof mute>;

/** `crosscheck mute`: nobody is told about a route or a subject for a while. */
export async function beginMute(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...apiOptions,
      subject: { type: "string" },
      route: { type: "string" },
      for: { type: "string" },
      reason: { type: "string" },
    },
  });
  const { subject, route, reason, for: length } = values;
  if ((subject === undefined && route === undefined) || length === undefined || reason === undefined)
    return refuse();
  const begun = await openApi(values).ask({
    method: "POST",
    path: "/api/v1/mutes",
    body: { subject, route, for: length, reason },
    answer: mute,
  });
  process.stdout.write(`${textOf(begun)}\nend it before: crosscheck mute end ${begun.id}\n`);
  return 0;
}

/** `crosscheck mute list`: those of now and those to come, one line each. */
export async function listMutes(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { ...apiOptions, json: { type: "boolean", default: false } },
  });
  const answer = z.object({ mutes: z.array(mute) });
  const found = await openApi(values).ask({ method: "GET", path: "/api/v1/mutes", answer });
  const lines = found.mutes.map((one) => `${one.id}  ${textOf(one)}`);
  const text = lines.length === 0 ? "nothing is muted" : lines.join("\n");
  process.stdout.write(`${values.json ? JSON.stringify(found, null, 2) : text}\n`);
  return 0;
}

/** `crosscheck mute end ID`: what it kept quiet is judged again at once, and told if it is still true. */
export async function endMute(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: apiOptions });
  const [id] = positionals;
  if (id === undefined || positionals.length > 1) return refuse();
  const path = `/api/v1/mutes/${encodeURIComponent(id)}`;
  await openApi(values).ask({ method: "DELETE", path, answer: z.null() });
  process.stdout.write(`${id} has ended: what it kept quiet is judged again\n`);
  return 0;
}

function refuse(): number {
  process.stderr.write(usage);
  return 2;
}

function textOf({ route, subject, from, until, reason, actor }: ShownMute): string {
  const what = [...(route === null ? [] : [`route ${route}`]), ...(subject === null ? [] : [subject])];
  return terminalText(`muted ${what.join(", ")}, from ${from} until ${until}: ${reason} (${actor})`);
}
