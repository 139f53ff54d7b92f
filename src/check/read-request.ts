import { ConfigError, describeError } from "../model/errors.ts";
import { probeRequest, type ProbeRequest } from "../model/probe-protocol.ts";
import { issueLines } from "./issues.ts";

/**
 * What a location is asked, as it came.
 * @throws ConfigError for what is not the probe protocol, with a line for each fault.
 */
export function readRequest(text: string): ProbeRequest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError([`the request is not JSON: ${describeError(cause)}`], { cause });
  }
  const { data, error } = probeRequest.safeParse(json);
  if (data !== undefined) return data;
  throw new ConfigError(issueLines(error));
}
