import { fillPlaceholders } from "./placeholders.ts";
import type { Secret } from "./secret.ts";

/** What an `http` action asks, in Postee's keys. Secrets are revealed. */
export interface EventRequestSettings {
  readonly method: string;
  readonly url: Secret;
  readonly headers: Readonly<Record<string, Secret | readonly Secret[]>>;
  /** Text with placeholders. */
  readonly bodyContent?: string | undefined;
}

/** A request ready to be sent. Address and headers may be secrets. */
export interface EventRequest {
  readonly method: string;
  readonly url: string;
  /** In order; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null: the request has none. */
  readonly body: string | Uint8Array | null;
}

/** The most that common servers take in one header line is 8190 bytes (Apache's LimitRequestFieldSize), name included. */
export const maxEventHeader = 8000;

/**
 * The request that tells a receiver about an event: the event in base64 as the header `Postee-Event`, the headers of the
 * configuration, and a body: `file`, what `body-file` holds, or `body-content` with its placeholders filled. An event whose
 * header would be longer than `maxEventHeader` is told in the body only: the half of one would be no use.
 */
export function eventRequest(
  { method, url, headers, bodyContent }: EventRequestSettings,
  event: string,
  file: Uint8Array | null = null,
): EventRequest {
  const encoded = Buffer.from(event, "utf8").toString("base64");
  const configured = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value.reference] as const),
  );
  return {
    method,
    url: url.reference,
    headers: [
      ...(encoded.length > maxEventHeader ? [] : [["Postee-Event", encoded] as const]),
      ...configured,
    ],
    body: file ?? (bodyContent === undefined ? null : fillPlaceholders(bodyContent, event)),
  };
}
