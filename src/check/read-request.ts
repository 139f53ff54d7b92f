import { ConfigError, describeError } from "../model/errors.ts";
import { probeRequest, type ProbeRequest } from "../model/probe-protocol.ts";
import { issueLines } from "./issues.ts";

const deepest = 32;

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
  // What is deeper than any check cannot be handed on to a thread, and would take whoever tries with it.
  if (isDeeperThan(json, deepest))
    throw new ConfigError([`the request is nested over ${deepest} levels deep`]);
  const { data, error } = probeRequest.safeParse(json);
  if (data !== undefined) return data;
  throw new ConfigError(issueLines(error));
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}
