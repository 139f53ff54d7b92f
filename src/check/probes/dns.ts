import type { DnsDetails } from "../../model/observation.ts";
import { evaluate } from "../assertions.ts";
import type { Evidence } from "../evidence.ts";
import { askDns } from "../dns/ask.ts";
import { nameOf, parseServer, systemServers, type DnsServer } from "../dns/dns-server.ts";
import { rcodeFault, recordsOf } from "../dns/lookup-at.ts";
import type { DnsMessage, DnsRecord } from "../dns/message.ts";
import { failed } from "../failure.ts";
import { defineProbe, type Finding } from "../probe-type.ts";
import type { Address } from "../resolve.ts";
import { conclude, type Fault } from "./conclude.ts";
import { dnsSettings, questionOf, type DnsSettings } from "./dns-settings.ts";
import { gaveUp } from "./open.ts";
import { Trace } from "./trace.ts";

/** One question to one DNS server; docs/probes/dns.md. */
export const dns = defineProbe({
  name: "dns",
  settings: dnsSettings,
  target(settings) {
    const { resolver } = settings;
    const question = questionOf(settings);
    const servers = serversOf(settings);
    const port = servers[0]?.port ?? 53;
    return {
      host: question.name,
      port,
      dns: { servers, question },
      ...(resolver === undefined ? {} : { resolver }),
    };
  },
  async attempt(settings, { address, hold }, signal): Promise<Finding> {
    const trace = new Trace(address, null);
    const server = serverAt(address, settings);
    try {
      const answer = await askDns(server, questionOf(settings), signal);
      trace.end("dns");
      const { totalMs } = trace;
      const judged = hold(() => judge(settings, { answer, server, totalMs }));
      return asOurs({ ...trace.facts(), ...judged }, settings);
    } catch (error) {
      return asOurs(gaveUp(error, trace), settings);
    }
  },
});

function serversOf({ resolver }: DnsSettings): readonly DnsServer[] {
  if (resolver === undefined) return systemServers();
  const server = parseServer(resolver);
  if (server === undefined) throw new Error(`"${resolver}" is not the address of a DNS server`);
  return [server];
}

/** Addresses are all that a probe is given; the ports are the servers'. */
function serverAt(address: Address, settings: DnsSettings): DnsServer {
  const servers = serversOf(settings);
  const own = servers.find((server) => server.address === address.address);
  return own ?? { ...address, port: servers[0]?.port ?? 53 };
}

interface Answered {
  readonly answer: DnsMessage;
  readonly server: DnsServer;
  readonly totalMs: number;
}

function judge(settings: DnsSettings, { answer, server, totalMs }: Answered) {
  const place = nameOf(server);
  const records = recordsOf(answer, questionOf(settings));
  const { rcode } = answer;
  const evidence = { totalMs, dns: { resolver: place, rcode, answers: [...records] } };
  const faults = faultsOf(settings, { answer, records, evidence });
  return { dns: describe(answer, place), ...conclude(settings.assertions, { evidence, place, faults }) };
}

/** What was asked of the response code decides; otherwise there has to be an answer. */
function faultsOf(
  settings: DnsSettings,
  seen: { readonly answer: DnsMessage; readonly records: readonly DnsRecord[]; readonly evidence: Evidence },
): Fault[] {
  const { query, recordType, assertions } = settings;
  const fault = rcodeFault(seen.answer, query);
  const asked = assertions.filter(({ source, degraded }) => source === "rcode" && degraded !== true);
  if (asked.length > 0) {
    const holds = evaluate(asked, seen.evidence).every(({ result }) => result.passed);
    return holds || fault === undefined ? [] : [fault];
  }
  if (fault !== undefined) return [fault];
  if (seen.records.length > 0) return [];
  return [{ errorClass: "dns.nodata", message: `${query} has no ${recordType} record` }];
}

const answerLimit = 50;
const valueLength = 500;
/** That of a name; only one with escapes is longer. */
const nameLength = 255;

/** All that was answered, the aliases on the way included; as much of it as people read. */
function describe({ rcode, answers }: DnsMessage, resolver: string): DnsDetails {
  const kept = answers.slice(0, answerLimit);
  return {
    resolver,
    rcode,
    answers: kept.map(({ name, value, ...record }) => ({
      ...record,
      name: name.slice(0, nameLength),
      value: value.slice(0, valueLength),
    })),
  };
}

/**
 * The servers that the location is set up with are its own: what they cannot say is not yet anybody's fault. That there
 * is no such name, or nothing under it, is an answer.
 */
function asOurs(finding: Finding, { resolver }: DnsSettings): Finding {
  const { layer, errorClass, message } = finding;
  const isAnswer = errorClass === "dns.nxdomain" || errorClass === "dns.nodata";
  if (resolver !== undefined || layer !== "dns" || isAnswer) return finding;
  const words = `this location's resolver has no answer: ${message}`;
  return { ...finding, ...failed({ errorClass: "location.resolver", message: words }) };
}
