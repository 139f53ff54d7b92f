import type { Context as HonoContext } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

const titles: Readonly<Partial<Record<ContentfulStatusCode, string>>> = {
  400: "Bad request",
  401: "Not authorised",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  410: "Gone",
  413: "Too large",
  422: "Refused",
  500: "Internal error",
  503: "Not now",
};

export const problemType = "application/problem+json";

/** Problem details (RFC 9457) as JSON; `detail` says what and what to do. */
export function problemJson(
  status: ContentfulStatusCode,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({ type: "about:blank", title: titles[status] ?? "Error", status, detail, ...more });
}

/** An error as problem details. */
export function problem(
  c: HonoContext,
  status: ContentfulStatusCode,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return c.body(problemJson(status, detail, more), status, { "content-type": problemType });
}
