import type * as z from "zod";
import type { AlertStatus } from "../model/alert.ts";
import type { Kind } from "../model/registry.ts";

/** What a source reads from one webhook; one that carries several alerts gives several. */
export interface ReadAlert {
  readonly status: AlertStatus;
  readonly dedupKey: string | null;
  readonly targetUrl: string | null;
  /** The part of the body that is this alert, when it is not the whole. */
  readonly body?: Uint8Array;
}

/** A webhook as it came in. */
export interface Webhook {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

export interface SourceSettings {
  readonly type: string;
  readonly name: string;
}

/** A type of sender: its word, its settings, and how to read what it sends. */
export interface SourceType<Settings extends SourceSettings = SourceSettings> extends Kind {
  readonly settings: z.ZodType<Settings>;
  /** @throws Error with one line for the record when the body is not what this sender sends: the alert is kept. */
  read(webhook: Webhook, settings: Settings): readonly ReadAlert[];
}

/** Keeps the settings' type while the list of types forgets it. */
export function defineSource<Settings extends SourceSettings>(
  type: SourceType<Settings>,
): SourceType<Settings> {
  return type;
}
