import type { Answering } from "../receiver.fixture.ts";

export interface PagerEvent {
  readonly routing_key: string;
  readonly event_action: string;
  readonly dedup_key: string;
  readonly payload?: {
    readonly summary: string;
    readonly source: string;
    readonly severity: string;
    readonly timestamp: string;
    readonly custom_details: Readonly<Record<string, unknown>>;
  };
  readonly client_url?: string;
}

/** Events API v2 by its published rules: 202 for an event within its limits, 400 and the reasons for any other. */
export const speakingEventsV2: Answering = (response, { path, body, headers }) => {
  const errors = path === "/v2/enqueue" ? faultsOf(JSON.parse(body) as PagerEvent) : ["no such path"];
  const isLarge = Number(headers["content-length"]) > 524_288;
  const status = isLarge ? 413 : errors.length > 0 ? 400 : 202;
  const answer =
    status === 202 ? { status: "success", message: "Event processed" } : { status: "invalid event", errors };
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
};

function faultsOf({ routing_key, event_action, dedup_key, payload }: PagerEvent): string[] {
  const rules: readonly [holds: boolean, fault: string][] = [
    [routing_key.length === 32, "Length of 'routing_key' is incorrect (should be 32 characters)"],
    [["trigger", "resolve"].includes(event_action), "'event_action' is unknown"],
    [dedup_key.length > 0 && dedup_key.length <= 255, "'dedup_key' is too long"],
    [event_action !== "trigger" || payload !== undefined, "'payload' is missing"],
    [payload === undefined || isWithin(payload.summary, 1024), "'payload.summary' is missing or too long"],
    [payload === undefined || payload.source !== "", "'payload.source' is missing or blank"],
    [
      payload === undefined || ["critical", "error", "warning", "info"].includes(payload.severity),
      "'payload.severity' is invalid",
    ],
    [payload === undefined || !Number.isNaN(Date.parse(payload.timestamp)), "'payload.timestamp' is invalid"],
  ];
  return rules.filter(([holds]) => !holds).map(([, fault]) => fault);
}

function isWithin(text: string, length: number): boolean {
  return text !== "" && text.length <= length;
}
