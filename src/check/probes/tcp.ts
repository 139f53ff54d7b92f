import type { Assertion, Comparison } from "../../model/assertion.ts";
import { hiding, type Hide } from "../../model/hide.ts";
import { evaluate } from "../assertions.ts";
import { defineProbe, lookupOf, type AttemptContext, type Finding } from "../probe-type.ts";
import { conclude, type Fault } from "./conclude.ts";
import { endpoint, letGo, within } from "./connection.ts";
import { lookupName } from "./host.ts";
import { gaveUp, open } from "./open.ts";
import { receive, type Received, type Standing } from "./tcp-receive.ts";
import { tcpSettings, type TcpSettings } from "./tcp-settings.ts";
import { Trace } from "./trace.ts";

/** One connection; text sent and an answer read where the check asks for it; docs/probes/tcp.md. */
export const tcp = defineProbe({
  name: "tcp",
  settings: tcpSettings,
  hiding: ({ send }) => hidingWords(send?.reference ?? ""),
  target(settings) {
    return { host: lookupName(settings.host), port: settings.port, ...lookupOf(settings) };
  },
  async attempt(settings, context, signal): Promise<Finding> {
    const trace = new Trace(context.address, context.dnsMs);
    try {
      const received = await talk({ settings, context, trace }, signal);
      const facts = trace.facts();
      return { ...facts, ...context.hold(() => judge(settings, received, { trace, signal })) };
    } catch (error) {
      return gaveUp(error, trace);
    }
  },
});

interface Talk {
  readonly settings: TcpSettings;
  readonly context: AttemptContext;
  readonly trace: Trace;
}

/** Without an assertion on what is received the connection is all, and what was sent is on its way. */
async function talk({ settings, context, trace }: Talk, signal: AbortSignal): Promise<Received | undefined> {
  const { host, port, send } = settings;
  const tls = settings.tls ? { host: lookupName(host), alpn: [] } : null;
  const socket = await open({ port, tls }, trace, signal);
  try {
    if (send !== undefined) socket.write(send.reference);
    const expected = settings.assertions.filter(({ source }) => source === "received");
    if (expected.length === 0) return undefined;
    const standing = (text: string) => context.hold(() => stand(expected, text));
    return await receive(socket, { standing, place: endpoint(trace.remote, port) }, trace, signal);
  } finally {
    letGo(socket);
  }
}

/** What holds of a text and of every longer one; an expression may end in `$`, but it says what to wait for. */
const lasting: ReadonlySet<Comparison> = new Set(["contains", "matches", "not-empty"]);

/** What, once broken, no more text can mend. */
const beyondRepair: ReadonlySet<Comparison> = new Set(["not-contains", "is-empty"]);

function stand(expected: readonly Assertion[], text: string): Standing {
  const judged = evaluate(expected, { received: text, totalMs: 0 });
  const unmet = judged.flatMap(({ result }) => (result.passed ? [] : [result]));
  const lost = unmet.filter(({ comparison }) => beyondRepair.has(comparison));
  if (lost.some(({ degraded }) => degraded !== true)) return "settled";
  if (unmet.length > lost.length || (text === "" && !expected.some(expectsSilence))) return "open";
  return expected.every(({ comparison }) => lasting.has(comparison)) ? "settled" : "holds";
}

/** Whatever else is said of an answer expects that there is one. */
function expectsSilence({ comparison, target }: Assertion): boolean {
  return comparison === "is-empty" || (comparison === "equals" && target === "");
}

function judge(
  { port, send, assertions }: TcpSettings,
  received: Received | undefined,
  { trace, signal }: { readonly trace: Trace; readonly signal: AbortSignal },
) {
  const place = endpoint(trace.remote, port);
  const hide = hidingWords(send?.reference ?? "");
  const { text, truncated = false, totalMs = trace.totalMs } = received ?? {};
  const said = text === undefined ? {} : { received: text };
  const evidence = { ...said, truncated, totalMs, tls: trace.tls };
  const shown = text === undefined ? {} : { tcp: { received: hide(text).slice(0, sampleLength) } };
  const faults = received === undefined ? [] : silence(assertions, received, { hide, signal });
  return { ...shown, ...conclude(assertions, { evidence, place, hide, faults }) };
}

const sampleLength = 2048;

/** An answer that did not come, or not to its end, is no wrong answer: it has a class of its own, and another try. */
function silence(
  assertions: readonly Assertion[],
  { end, text }: Received,
  { hide, signal }: { readonly hide: Hide; readonly signal: AbortSignal },
): readonly Fault[] {
  const hard = assertions.filter(({ source, degraded }) => source === "received" && degraded !== true);
  if (hard.length === 0 || stand(hard, text) !== "open") return [];
  const came = text === "" ? "nothing" : `${JSON.stringify(hide(text).slice(0, 80))} and no more`;
  if (end === "timeout") {
    return [{ errorClass: "content.timeout", message: `${came} came${within(signal)}` }];
  }
  if (end === "closed" && text === "") {
    return [{ errorClass: "tcp.reset", message: "the connection was closed before anything came" }];
  }
  return [];
}

/** `send` may hold a password among other words, and servers repeat what they do not understand. */
function hidingWords(sent: string): Hide {
  const lines = sent.split(/\r?\n/).map((line) => line.trim());
  return hiding([sent, ...lines, ...lines.flatMap((line) => line.split(/\s+/))]);
}
