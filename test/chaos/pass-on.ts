import { until } from "../fixtures/until.ts";
import type { Expected, Ledger } from "./judge.ts";

/** Everything is of the kind `passed`, and goes to the listener without a check. */
const expected: Expected = { passed: ["listener"] };

/** @param url of the listener; whoever else is to be told has a name in `others` */
export function passOnConfig(
  { url }: { readonly url: string },
  { others = [], server = {} }: { readonly others?: readonly string[]; readonly server?: object } = {},
) {
  const names = ["listener", "ops", ...others];
  return {
    controls: [],
    resolvers: [],
    routes: [{ name: "pass-on", actions: ["listener"] }],
    actions: names.map((name) => ({ name, type: "webhook", url: `${url}/${name}` })),
    unrouted: ["ops"],
    trouble: ["ops"],
    server,
  };
}

/** Until the listener has taken all; what it has not when time is up is found by `passOnFaults`. */
export async function untilPassedOn(ledger: Ledger, limitMs: number): Promise<void> {
  await until("", () => ledger.owed(expected).length === 0, limitMs).catch(() => undefined);
}

/** Every call has an answer, and what was accepted has reached the listener. */
export function passOnFaults(ledger: Ledger): string[] {
  return [
    ...ledger.faults(expected),
    ...(ledger.unanswered > 0 ? [`${ledger.unanswered} calls had no answer at all`] : []),
  ];
}

/** Until some more alerts have been accepted than now: the load goes on, and is taken. */
export async function untilMoreAccepted(ledger: Ledger, more = 20): Promise<void> {
  const { size } = ledger.accepted;
  await until(`${more} more alerts to be accepted`, () => ledger.accepted.size > size + more);
}
