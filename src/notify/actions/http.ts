import { readFile } from "node:fs/promises";
import * as z from "zod";
import { assertion } from "../../model/assertion.ts";
import { DeliveryError } from "../../model/errors.ts";
import { eventRequest } from "../../model/event-request.ts";
import type { EventRequest } from "../../model/event-request.ts";
import { unreadPlaceholders } from "../../model/placeholders.ts";
import { duration, secret, settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { eventText } from "../event-text.ts";
import { refusal } from "../post.ts";
import { secretUrl } from "../receiver-url.ts";
import { exchange } from "./http-exchange.ts";

const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, "a header's name is one word")
  .regex(
    /^(?!(?:content-length|transfer-encoding|connection)$)/i,
    "Crosscheck sets this one itself: leave it out",
  );

const usualTimeoutMs = 5000;

/** Calls a URL, in Postee's keys: docs/actions/http.md. */
export const http = defineAction({
  name: "http",
  kind: "effect",
  settings: settings({
    type: z.literal("http"),
    ...actionKeys,
    timeout: duration
      .refine((ms) => ms > 0, "write a time above 0")
      .optional()
      .describe("for one call to be answered; default: 5s, and for a vote the deadline of the look"),
    method: z
      .string()
      .regex(/^(?!(?:connect|trace)$)[A-Za-z-]+$/i, "write a method of HTTP, such as POST")
      .toUpperCase()
      .describe("such as GET or POST"),
    url: secretUrl.describe("what to call"),
    headers: z
      .record(headerName, z.union([secret, z.array(secret)]))
      .default({})
      .describe("sent with every call: one value, or a list of them"),
    "body-file": z.string().min(1).optional().describe("a file that is sent as it is; read for every call"),
    "body-content": z
      .string()
      .superRefine((text, context) => {
        for (const found of unreadPlaceholders(text))
          context.addIssue({ code: "custom", message: unreadable(found), input: text });
      })
      .optional()
      .describe("what is sent, `event.input.<path>` filled from the event"),
    check: z
      .boolean()
      .optional()
      .describe("whether the answer is a vote; default: only that of a Lambda function URL"),
    assertions: z.array(assertion).optional().describe("what the answer of a vote must be, beside 2xx"),
  }).refine(({ bodyFile, bodyContent }) => bodyFile === undefined || bodyContent === undefined, {
    path: ["body-content"],
    error: "body-file and body-content are both there: leave one out",
  }),
  async send(message, { bodyFile, timeout, ...keys }, { signal }) {
    const file = bodyFile === undefined ? null : await readBody(bodyFile);
    const request = eventRequest(keys, eventText(message), file);
    const answer = await exchange(idempotent(request, message.id), {
      timeoutMs: timeout ?? usualTimeoutMs,
      signal,
    });
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  },
});

function unreadable(found: string): string {
  return `${found} cannot be filled: a path has keys, indexes, #, #(key=="value") and #(key=="value")#, with a backslash before other characters of a key`;
}

/** Unless the configuration has a key of its own. */
function idempotent(request: EventRequest, id: string): EventRequest {
  const name = "Idempotency-Key";
  const isThere = request.headers.some(([other]) => other.toLowerCase() === name.toLowerCase());
  return isThere ? request : { ...request, headers: [...request.headers, [name, id]] };
}

async function readBody(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw new DeliveryError(`body-file ${path} cannot be read`, { permanent: false, cause: error });
  });
}
