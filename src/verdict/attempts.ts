import type { Attempt, Observation } from "../model/observation.ts";

type Finding = Omit<Attempt, "sample" | "number" | "startedAt">;

/** The attempts that did not get through, or the finding itself where none is recorded. */
export function failedAttempts(observation: Observation): readonly Finding[] {
  const failed = observation.attempts.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  return failed.length > 0 ? failed : [observation];
}

/**
 * Whether an attempt failed before the target said a word (dns, tcp, tls handshake or timeout, no first byte): what a
 * broken way there looks like as well. A bad certificate is a word of the target's.
 */
export function isBelowHttp({ outcome, layer, errorClass, timings }: Finding): boolean {
  if (outcome !== "fail") return false;
  if (layer === "dns" || layer === "tcp") return true;
  if (errorClass === "tls.handshake" || errorClass === "tls.timeout") return true;
  return /^(?:http|grpc|websocket|content)\.timeout/v.test(errorClass ?? "") && timings.firstByte === null;
}
