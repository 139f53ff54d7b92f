import type { Attempt } from "./observation.ts";

/** How one try ended: an attempt without its place in the run. */
type Finding = Pick<Attempt, "outcome" | "layer" | "errorClass" | "timings">;

/**
 * Whether an attempt failed before the target said a word (dns, tcp, tls handshake or timeout, no first byte): what a
 * broken way there looks like as well, so that controls are asked. A bad certificate is a word of the target's, and so is
 * a server's refusal to begin with TLS.
 */
export function isBelowHttp({ outcome, layer, errorClass, timings }: Finding): boolean {
  if (outcome !== "fail") return false;
  if (layer === "dns" || layer === "tcp") return true;
  if (errorClass === "tls.handshake" || errorClass === "tls.timeout") return true;
  return /^(?:http|grpc|websocket|content)\.timeout/v.test(errorClass ?? "") && timings.firstByte === null;
}
