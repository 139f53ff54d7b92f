import type * as z from "zod";
import type { AlertStatus } from "../model/alert.ts";
import type { Kind } from "../model/registry.ts";
import type { Secret } from "../model/secret.ts";

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

/** What a proof needs of the world beside the webhook. */
export interface Edge {
  /** ms since 1970 */
  readonly now: number;
  /**
   * The text at an address that the source has judged.
   * @throws Error when there is none now
   */
  get(url: URL): Promise<string>;
}

/** Whether a webhook comes from whom it says. `why` is told to the caller and to `trouble`: it has no word of the caller's. */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly status: 401 | 403 | 413 | 503; readonly why: string };

/** Judges by the bytes as they came in who sent them. */
export type Proof = (
  webhook: Pick<Webhook, "headers" | "body">,
  edge: Edge,
) => Admission | Promise<Admission>;

export interface SourceSettings {
  readonly type: string;
  readonly name: string;
  readonly token?: Secret | undefined;
  readonly tokens?: readonly Secret[] | undefined;
}

/** A type of sender: its word, its settings, how it proves who it is, and how to read what it sends. */
export interface SourceType<Settings extends SourceSettings = SourceSettings> extends Kind {
  readonly settings: z.ZodType<Settings>;
  /**
   * How a webhook shows that it comes from this source, in place of a token; undefined when these settings, whose secrets
   * are revealed, have nothing to judge it by. Called once for each configuration.
   */
  proof?(settings: Settings): Proof | undefined;
  /** @throws Error with one line for the record when the body is not what this sender sends: the alert is kept. */
  read(webhook: Webhook, settings: Settings): readonly ReadAlert[];
}

/** Keeps the settings' type while the list of types forgets it. */
export function defineSource<Settings extends SourceSettings>(
  type: SourceType<Settings>,
): SourceType<Settings> {
  return type;
}
