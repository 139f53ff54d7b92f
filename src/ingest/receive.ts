import type { Alert } from "../model/alert.ts";
import { alertInput } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import { newId } from "../model/id.ts";
import { generic } from "./sources/generic.ts";
import { sourceTypeByName } from "./sources/index.ts";
import { isDeeperThan } from "./depth.ts";
import type { SourceSettings, SourceType, Webhook } from "./source-type.ts";

/** How deep JSON may be nested: far deeper than any sender's, and far less than what reads it can follow. */
const maxDepth = 256;

/** A webhook as the web stage hands it over. */
export interface Delivered {
  readonly headers: Headers;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** The sender sent more than we keep. */
  readonly cut: boolean;
  /** The route that the path names. */
  readonly onlyRoute: string | null;
  /** The source that the path names, when the configuration has none of this name. */
  readonly unknownSource: string | null;
  readonly receivedAt: number;
}

/** Whom a webhook on `/`, `/scan` or `/tenant/{route}` comes from. */
const anybody: SourceSettings = { type: "generic", name: "webhook" };

/** Whom a webhook on `/alerts/{source}` comes from when no source has that name: never a name of the sender's choice. */
const stranger: SourceSettings = { type: "generic", name: "generic" };

/**
 * What a webhook carries. Nothing that was authenticated is refused for its content: what cannot be read becomes an
 * alert with a `fault`, which is kept and told to `unrouted`.
 */
export function readWebhook(delivered: Delivered, source: SourceSettings = anybody): Alert[] {
  const { unknownSource } = delivered;
  if (unknownSource === null) return readFrom(delivered, source);
  const fault = `it names the source ${JSON.stringify(unknownSource)}, which does not exist`;
  return readFrom(delivered, stranger).map((alert) => ({
    ...alert,
    fault: alert.fault === null ? fault : `${fault}; ${alert.fault}`,
  }));
}

function readFrom(delivered: Delivered, source: SourceSettings): Alert[] {
  const type: SourceType = sourceTypeByName.get(source.type) ?? generic;
  const { body, contentType, onlyRoute, receivedAt } = delivered;
  const common = { source: source.name, contentType, onlyRoute, receivedAt };
  const unread = (fault: string): Alert[] => [
    { ...common, id: newId(), body, status: "firing", dedupKey: null, targetUrl: null, fault },
  ];
  if (delivered.cut) return unread(`its body is larger than ${body.length} bytes; the rest is lost`);
  if (isDeeperThan(body, maxDepth)) return unread(`its JSON is nested deeper than ${maxDepth} levels`);
  const json = alertInput({ body });
  if (json === undefined) return unread("its body is not JSON");
  const webhook: Webhook = {
    // Not before they are asked for: to make them costs more than to read the alert.
    get headers() {
      return delivered.headers;
    },
    body,
    json,
  };
  try {
    return type
      .read(webhook, source)
      .map((read) => ({ ...common, id: newId(), fault: null, ...read, body: read.body ?? body }));
  } catch (error) {
    return unread(`it is not what a ${source.type} source sends: ${describeError(error)}`);
  }
}
