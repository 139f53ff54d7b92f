import type { RenderedTemplate } from "../../model/message.ts";

/** What a Postee template for Opsgenie may say of an alert there; null what it leaves to the settings. */
export interface TemplateAlert {
  readonly description: string | null;
  readonly alias: string | null;
  readonly entity: string | null;
  readonly priority: string | null;
  readonly tags: readonly string[];
}

const nothing: TemplateAlert = { description: null, alias: null, entity: null, priority: null, tags: [] };

/** A template's JSON object with these keys, as in Postee; any other text is the description. */
export function templateAlert(rendered: RenderedTemplate | null): TemplateAlert {
  if (rendered === null) return nothing;
  const fields = objectOf(rendered.description);
  if (fields === null) return { ...nothing, description: rendered.description };
  const { description, alias, entity, priority, tags } = fields;
  return {
    description: textOf(description),
    alias: textOf(alias),
    entity: textOf(entity),
    priority: textOf(priority),
    tags: tagsOf(tags),
  };
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `a,b`, or a list; Postee knew the first only. What is in the list comes from an alert, and `String` is not safe for all. */
function tagsOf(value: unknown): string[] {
  const tags = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value.map(textOf) : [];
  return tags.flatMap((tag) => tag?.trim() || []);
}
