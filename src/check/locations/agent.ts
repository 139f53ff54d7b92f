import * as z from "zod";
import { describeError, LocationError } from "../../model/errors.ts";
import type { Observation } from "../../model/observation.ts";
import { probeProtocolVersion, probeResponse, type ProbeRequest } from "../../model/probe-protocol.ts";
import { name, secret, settings } from "../../model/settings.ts";
import { version } from "../../model/version.ts";
import { cutShort } from "../abortable.ts";
import { issueLines } from "../issues.ts";
import { defineLocation } from "../location-type.ts";

/** No observation comes near it: 17 findings with 40 headers of 200 characters each. */
const answerLimit = 1_000_000;

const agentSettings = settings({
  type: z.literal("agent"),
  name: name.describe("what routes call it"),
  url: z.url({ protocol: /^https?$/ }).describe("where the agent listens"),
  token: secret.describe("the token that the agent was started with"),
  domain: name.optional().describe("the failure domain; the location's name when left out"),
});
type AgentSettings = z.output<typeof agentSettings>;

/** A machine of yours that runs `crosscheck agent --listen`; docs/locations/agent.md. */
export const agent = defineLocation({
  name: "agent",
  settings: agentSettings,
  open(agent) {
    return Promise.resolve({
      name: agent.name,
      domain: agent.domain ?? agent.name,
      ask: (request, signal) => ask(agent, request, signal),
      // Idle connections close by themselves.
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

async function ask(
  { url, token }: AgentSettings,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<Observation> {
  try {
    const response = await fetch(url, {
      method: "POST",
      // A redirect would carry the token and the check's secrets elsewhere.
      redirect: "manual",
      headers: {
        authorization: `Bearer ${token.reference}`,
        "content-type": "application/json",
        "user-agent": `crosscheck/${version}`,
      },
      body: JSON.stringify(request),
      signal,
    });
    const text = await readCapped(response);
    if (response.status !== 200) throw refusal(response.status, text);
    return parse(text);
  } catch (error) {
    if (error instanceof LocationError) throw error;
    if (signal.aborted) throw cutShort(signal);
    // fetch says "fetch failed"; what happened is the cause.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new LocationError("location.unreachable", `the agent cannot be reached: ${describeError(reason)}`, {
      cause: error,
    });
  }
}

async function readCapped({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > answerLimit) throw garbage(`its answer is longer than ${answerLimit} bytes`);
  }
  return Buffer.concat(chunks).toString();
}

/** What an answer other than 200 says about the agent. */
function refusal(status: number, text: string): LocationError {
  const detail = problemDetail(text);
  const said = `the agent answered ${status}${detail === "" ? "" : `: ${detail}`}`;
  if (status === 401 || status === 403) {
    return new LocationError("location.unauthorized", `${said}; is its token the one in \`token:\`?`);
  }
  if (status === 404) return new LocationError("location.protocol", `${said}; is its URL right?`);
  if (status === 400) return new LocationError("location.request", said);
  if (status === 429) return new LocationError("location.throttled", said);
  return new LocationError("location.protocol", said);
}

const problem = z.object({ detail: z.string() });

/** The `detail` of RFC 9457 problem details, cut; empty when there is none. */
function problemDetail(text: string): string {
  try {
    return problem.parse(JSON.parse(text)).detail.slice(0, 300);
  } catch {
    return "";
  }
}

const versioned = z.object({ version: z.literal(probeProtocolVersion) });

function parse(text: string): Observation {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw garbage("its answer is not JSON", cause);
  }
  if (!versioned.safeParse(json).success) {
    throw garbage(`its answer is not of version ${probeProtocolVersion} of the probe protocol`);
  }
  const { data, error } = probeResponse.safeParse(json);
  if (data === undefined)
    throw garbage(`its answer is not the probe protocol: ${issueLines(error).slice(0, 3).join("; ")}`, error);
  return data.observation;
}

function garbage(message: string, cause?: unknown): LocationError {
  return new LocationError("location.protocol", `the agent cannot be understood: ${message}`, { cause });
}
