import { setTimeout as sleep } from "node:timers/promises";
import { deadline } from "../deadline.ts";
import { describeError } from "../model/errors.ts";
import type { Secret } from "../model/secret.ts";
import { receiverUrl } from "../notify/receiver-url.ts";
import type { Context } from "../steps/context.ts";
import { reportTrouble } from "../steps/trouble.ts";

/** How long the watch outside may take to answer. */
const answerMs = 10_000;
/** How often the watch may fail in a row until somebody is told. */
const failuresTold = 3;
/** How soon to look again whether a reload has asked for a heartbeat. */
const idleMs = 5000;

export interface HeartbeatOptions {
  /** Rejects, with the reason, while this process does not do its work. */
  readonly check: () => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * A dead man's switch: while this process does its work it asks a URL outside for a sign of life to be noted, every
 * `server.heartbeat.every`. When it does not work it stays silent, and the watch outside pages. What the configuration says
 * is read before each beat, so that a reload counts.
 */
export async function beatOutside(context: Context, { check, signal }: HeartbeatOptions): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const { heartbeat } = context.setup().config.server;
    if (heartbeat !== null) {
      const failed = (await beat(context, heartbeat.url, { check, signal })) === "failed";
      failures = failed ? failures + 1 : 0;
      if (failures >= failuresTold && !signal.aborted) await tell(context, failures);
    }
    await sleep(heartbeat?.everyMs ?? idleMs, undefined, { signal }).catch(() => undefined);
  }
}

async function beat(
  context: Context,
  url: Secret,
  { check, signal }: HeartbeatOptions,
): Promise<"ok" | "withheld" | "failed"> {
  try {
    await check();
  } catch (error) {
    context.metrics.heartbeats.inc({ result: "withheld" });
    context.log.warn("heartbeat-withheld", { error: describeError(error) });
    return "withheld";
  }
  const fault = await ask(context, url, signal);
  if (signal.aborted) return "withheld";
  const result = fault === null ? "ok" : "failed";
  context.metrics.heartbeats.inc({ result });
  if (fault !== null) context.log.warn("heartbeat-failed", { error: fault });
  return result;
}

/**
 * What is wrong with the answer; null when the watch has noted the beat. Neither the address nor what the answer says is
 * repeated: they hold the secret. Redirects are not followed, for they would take it to a place that nobody configured.
 */
async function ask(context: Context, secret: Secret, signal: AbortSignal): Promise<string | null> {
  const url = addressOf(context, secret);
  if (url === null)
    return "server.heartbeat.url is no address that can be asked: write http(s)://… without a user name";
  using limit = deadline(signal, answerMs);
  try {
    const headers = { "user-agent": "crosscheck" };
    const response = await fetch(url, { redirect: "manual", signal: limit.signal, headers });
    await response.body?.cancel();
    if (response.ok) return null;
    const redirected =
      response.status >= 300 && response.status < 400
        ? ", a redirect, which is not followed: write the address it leads to"
        : "";
    return `answered ${response.status}${redirected}`;
  } catch (error) {
    return limit.signal.aborted ? `no answer within ${answerMs / 1000} s` : `no answer: ${codeOf(error)}`;
  }
}

function addressOf(context: Context, { reference }: Secret): URL | null {
  try {
    return receiverUrl(context.setup().config.secretSource(reference));
  } catch {
    return null;
  }
}

/** `ECONNREFUSED` and the like; messages may quote the address. */
function codeOf(error: unknown): string {
  const { code, name } = ((error as Error).cause ?? error) as { code?: unknown; name: string };
  return typeof code === "string" ? code : name;
}

async function tell(context: Context, failures: number): Promise<void> {
  const note = `the watch outside has not answered ${failures} times in a row: it will take this server for dead`;
  await reportTrouble(context, "heartbeat", { what: "server.heartbeat", note });
}
