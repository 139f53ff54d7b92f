import * as z from "zod";
import { name, settings } from "../model/settings.ts";
import { MessageTemplateError, compileMessageTemplate } from "../route/message-template.ts";
import type { MessageTemplate } from "../route/message-template.ts";
import { error, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { itemsOf, textOf } from "./raw.ts";
import type { Placed, RawMap } from "./raw.ts";
import { plainly } from "./rego-words.ts";

/** One entry of `templates:`. */
export const template = settings({
  name: name.describe("what routes call it"),
  body: z
    .string()
    .optional()
    .describe("a Rego module of any package, with `title`, `result` and, if it likes, `url`"),
  "rego-package": z
    .string()
    .optional()
    .describe(
      "one of Postee's own: `postee.rawmessage.json` or `postee.rawmessage.html`, the alert as it came",
    ),
  url: z.string().optional().describe("of Postee, refused: nothing is loaded from elsewhere"),
  "legacy-scan-renderer": z.string().optional().describe("of Postee, refused"),
});

/** The file's templates by index, compiled, and why some are not. One that no route uses may be anything. */
export function compileTemplates(data: unknown): {
  readonly templates: ReadonlyMap<number, MessageTemplate>;
  readonly findings: readonly Finding[];
} {
  const used = new Set(
    itemsOf(data, "routes").flatMap((route) => textOf(route, "template").map(({ value }) => value)),
  );
  const templates = new Map<number, MessageTemplate>();
  const findings = itemsOf(data, "templates").flatMap((item) => {
    const compiled = compileOne(item);
    if ("render" in compiled) {
      templates.set(Number(item.path[1]), compiled);
      return [];
    }
    return [misread(item, compiled, used.has(textIn(item, "name") ?? ""))];
  });
  return { templates, findings };
}

function compileOne(item: Placed<RawMap>): MessageTemplate | MessageTemplateError {
  try {
    return compileMessageTemplate({
      name: textIn(item, "name") ?? "template",
      body: textIn(item, "body"),
      url: textIn(item, "url"),
      regoPackage: textIn(item, "rego-package"),
      legacyScanRenderer: textIn(item, "legacy-scan-renderer"),
    });
  } catch (thrown) {
    if (!(thrown instanceof MessageTemplateError)) throw thrown;
    return thrown;
  }
}

function textIn(item: Placed<RawMap>, key: string): string | undefined {
  return textOf(item, key)[0]?.value;
}

function misread(item: Placed<RawMap>, fault: MessageTemplateError, isUsed: boolean): Finding {
  const { key, place } = fault;
  const path = key === null ? item.path : [...item.path, key];
  const message = key === "body" ? `Rego in body: ${plainly(fault.message)}` : fault.message;
  const cut = item.path;
  const found = isUsed ? error(path, message) : warning(path, `${message} (no route uses it)`);
  return { ...found, cut, ...(place === null ? {} : { within: place }) };
}
