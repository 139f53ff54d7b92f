import * as z from "zod";

/** What somebody was told, as it came: Slack's JSON for `chat`, Crosscheck's own for `pager`. */
export const toldMessage = z.object({ to: z.string(), body: z.string() });
export type ToldMessage = z.output<typeof toldMessage>;

const text = z.object({ text: z.string() });
const slackMessage = z.object({
  blocks: z.array(z.object({ text: text.optional(), elements: z.array(text).optional() })),
});

/** A Slack message as its reader sees it, but for fonts: markup is taken off, links have their address beside them. */
export function slackText(body: string): string {
  const { blocks } = slackMessage.parse(JSON.parse(body));
  return blocks
    .flatMap((block) => [block.text, ...(block.elements ?? [])])
    .flatMap((part) => (part === undefined ? [] : [plain(part.text)]))
    .join("\n");
}

function plain(mrkdwn: string): string {
  return mrkdwn
    .replaceAll(/<([^|>]+)\|([^>]+)>/g, "$2: $1")
    .replaceAll(/(?<=^\S ?)\*([^*\n]+)\*/gm, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
