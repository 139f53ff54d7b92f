import * as z from "zod";
import { LocationError } from "../../model/errors.ts";
import { hidingAll, hidingSecrets } from "../../model/hide.ts";
import type { Observation } from "../../model/observation.ts";
import type { ProbeRequest } from "../../model/probe-protocol.ts";
import { name, secret, settings } from "../../model/settings.ts";
import { hidingCheck } from "../hiding-check.ts";
import { defineLocation, placeKeys, placeOf } from "../location-type.ts";
import { answered, exchange, readObservation, type HttpAnswer } from "./ask.ts";

const agentSettings = settings({
  type: z.literal("agent"),
  name: name.describe("what routes call it"),
  url: z.url({ protocol: /^https?$/ }).describe("where the agent listens"),
  token: secret.describe("the token that the agent was started with"),
  ...placeKeys,
});
type AgentSettings = z.output<typeof agentSettings>;

const who = "the agent";

/** A machine of yours that runs `crosscheck agent --listen`; docs/locations/agent.md. */
export const agent = defineLocation({
  name: "agent",
  settings: agentSettings,
  open(agent) {
    return Promise.resolve({
      name: agent.name,
      ...placeOf(agent),
      ask: (request, signal) => ask(agent, request, signal),
      // Idle connections close by themselves.
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

async function ask(
  settings: AgentSettings,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<Observation> {
  const { url, token } = settings;
  const hide = hidingAll([hidingSecrets(settings), hidingCheck(request.check)]);
  const headers = { authorization: `Bearer ${token.reference}`, "content-type": "application/json" };
  const answer = await exchange({ url, who, headers, hide, body: JSON.stringify(request) }, signal);
  if (answer.status !== 200) throw refusal(answer);
  return readObservation(answer.text, who);
}

/** What an answer other than 200 says about the agent. */
function refusal(answer: HttpAnswer): LocationError {
  const { status } = answer;
  const said = answered(who, answer);
  if (status === 401 || status === 403) {
    return new LocationError("location.unauthorized", `${said}; is its token the one in \`token:\`?`);
  }
  if (status === 404) return new LocationError("location.protocol", `${said}; is its URL right?`);
  if (status === 400) return new LocationError("location.request", said);
  if (status === 429) return new LocationError("location.throttled", said);
  return new LocationError("location.protocol", said);
}
