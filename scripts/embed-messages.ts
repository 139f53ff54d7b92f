import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The pages that show messages as they are rendered. */
export const pagesWithMessages = ["README.md", "docs/verdicts.md"] as const;

/** A page with each block behind `<!-- from FILE -->` as the file has it now. */
export function embedMessages(page: string): string {
  return page.replaceAll(/(<!-- from (\S+) -->\n```\n)[^]*?```/g, (_, head: string, file: string) => {
    const text = readFileSync(join(root, file), "utf8").trim();
    return `${head}${text}\n\`\`\``;
  });
}
