/** When a location's own resolver has no answer: what others say, and so whose fault it is. */
import { isIP } from "node:net";
import { deadline } from "../deadline.ts";
import { askDns } from "./dns/ask.ts";
import { nameOf, type DnsServer } from "./dns/dns-server.ts";
import { rcodeFault, valuesOf } from "./dns/lookup-at.ts";
import type { DnsQuestion } from "./dns/message.ts";
import { asFailure, ProbeFailure, type ErrorClass } from "./failure.ts";

const limitMs = 2000;

/** So many names of controls are asked for beside the target's. */
const mostControls = 3;

/** What nobody else's resolver could answer is the target's fault in these ways; the first that was met is the class. */
const faultsOfZones = ["dns.servfail", "dns.refused", "dns.timeout"] as const;

export interface Dispute {
  /** What the location's own resolver could not say: several questions are as good as answered by one. */
  readonly questions: readonly DnsQuestion[];
  /** Other resolvers. */
  readonly servers: readonly DnsServer[];
  /** URLs whose hosts prove that a resolver works. */
  readonly controls: readonly string[];
}

export interface Ruling {
  /** `location.resolver`: it stays the location's own. */
  readonly errorClass: ErrorClass;
  /** What the others said; empty if nobody was asked. */
  readonly message: string;
}

/** What another resolver said. */
interface Opinion {
  readonly who: string;
  /** undefined: it has answered. */
  readonly errorClass: ErrorClass | undefined;
  readonly words: string;
  /** It resolves a control's name; undefined: there was none to ask for. */
  readonly knowsOthers: boolean | undefined;
}

/**
 * Asks the other resolvers, all at once. The target's fault if none of them has an answer, and as many as there are, two
 * at least, fail on this name though they know those of controls. Without controls only SERVFAIL proves that a resolver
 * works: it has looked. One resolver that does answer, or none that works, leaves the fault with the location's own.
 * Never rejects.
 */
export async function arbitrate(dispute: Dispute, signal: AbortSignal): Promise<Ruling> {
  const opinions = await Promise.all(dispute.servers.map((server) => opinionOf(server, dispute, signal)));
  const answered = opinions.filter(({ errorClass }) => errorClass === undefined || isAnswer(errorClass));
  const failing = opinions.filter(isProof);
  const isProven = failing.length > 0 && failing.length >= Math.min(2, dispute.servers.length);
  const errorClass = faultsOfZones.find((fault) => failing.some((opinion) => opinion.errorClass === fault));
  if (answered.length > 0 || !isProven || errorClass === undefined)
    return { errorClass: "location.resolver", message: inWords(opinions) };
  const known = failing.every(({ knowsOthers }) => knowsOthers) ? ", which know other names" : "";
  return { errorClass, message: `${inWords(failing)}${known}` };
}

/** Names that prove that a resolver works. */
function controlNames(controls: readonly string[]): readonly string[] {
  const hosts = controls.flatMap((url) => (URL.canParse(url) ? new URL(url).hostname : []));
  const names = hosts.filter((host) => !host.startsWith("[") && isIP(host) === 0);
  return [...new Set(names)].slice(0, mostControls);
}

async function opinionOf(
  server: DnsServer,
  { questions, controls }: Dispute,
  signal: AbortSignal,
): Promise<Opinion> {
  using limit = deadline(signal, limitMs);
  const ask = (question: DnsQuestion) => answerOf(server, question, limit.signal);
  const names = controlNames(controls);
  const [answers, others] = await Promise.all([
    Promise.all(questions.map(ask)),
    Promise.all(names.map((name) => ask({ name, type: "A" }))),
  ]);
  const knowsOthers = names.length === 0 ? undefined : others.some((answer) => Array.isArray(answer));
  const who = nameOf(server);
  const found = answers.find((answer) => Array.isArray(answer));
  if (found !== undefined) return { who, errorClass: undefined, words: found.join(", "), knowsOthers };
  const failures = answers.filter((answer) => answer instanceof ProbeFailure);
  const failure = failures.find(({ errorClass }) => !isAnswer(errorClass)) ?? failures[0];
  const errorClass = failure?.errorClass ?? "dns.nodata";
  return { who, errorClass, words: phrases[errorClass] ?? failure?.message ?? "", knowsOthers };
}

/** The values, at least one, or why there are none. */
async function answerOf(
  server: DnsServer,
  question: DnsQuestion,
  signal: AbortSignal,
): Promise<readonly string[] | ProbeFailure> {
  try {
    const answer = await askDns(server, question, signal);
    const values = valuesOf(answer, question);
    if (values.length > 0) return values;
    const { name, type } = question;
    const nothing = { errorClass: "dns.nodata", message: `${name} has no ${type} record` } as const;
    const { errorClass, message } = rcodeFault(answer, name) ?? nothing;
    return new ProbeFailure(errorClass, message);
  } catch (error) {
    return asFailure(error);
  }
}

/** An answer that there is nothing. A name that only some resolvers know may be meant for them alone. */
function isAnswer(errorClass: ErrorClass): boolean {
  return errorClass === "dns.nxdomain" || errorClass === "dns.nodata";
}

function isProof({ errorClass, knowsOthers }: Opinion): boolean {
  return knowsOthers ?? errorClass === "dns.servfail";
}

const phrases: Partial<Record<ErrorClass, string>> = {
  "dns.nxdomain": "no such name",
  "dns.nodata": "nothing under this name",
  "dns.servfail": "SERVFAIL",
  "dns.refused": "REFUSED",
  "dns.timeout": "no answer",
};

/** `1.1.1.1: SERVFAIL, 8.8.8.8: no answer` */
function inWords(opinions: readonly Opinion[]): string {
  return opinions.map(({ who, words }) => `${who}: ${words}`).join(", ");
}
