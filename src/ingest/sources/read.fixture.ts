import { alertInput } from "../../model/alert.ts";
import type { Admission, Edge, Proof, Webhook } from "../source-type.ts";

/** A webhook as the web stage hands it over. */
export function webhookOf(body: unknown, headers: Readonly<Record<string, string>> = {}): Webhook {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return { headers: new Headers(headers), body: bytes, json: alertInput({ body: bytes }) };
}

/** What is stored of an alert, as JSON. */
export function stored(body: Uint8Array | undefined): unknown {
  return alertInput({ body: body ?? new Uint8Array() });
}

const nothing: Edge["get"] = () => Promise.reject(new Error("nothing may be fetched"));

/** What a proof says; nothing may be fetched unless a test says what is there. */
export async function admission(
  proof: Proof | undefined,
  webhook: Webhook,
  { now = 0, get = nothing }: Partial<Edge> = {},
): Promise<Admission | undefined> {
  return proof?.(webhook, { now, get });
}

/** The status that a caller sees for it. */
export function statusOf(said: Admission | undefined): number | "admitted" {
  return said?.admitted === false ? said.status : "admitted";
}
