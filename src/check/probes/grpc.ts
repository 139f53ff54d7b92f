import type { GrpcDetails } from "../../model/observation.ts";
import { ProbeFailure } from "../failure.ts";
import { defineProbe, lookupOf, type AttemptContext, type Finding } from "../probe-type.ts";
import { conclude, type Fault } from "./conclude.ts";
import { endpoint, reasonOf, within } from "./connection.ts";
import { healthOf, healthRequest, statusMessage, statusName } from "./grpc-message.ts";
import { grpcSettings, type GrpcSettings } from "./grpc-settings.ts";
import { revealed, userAgent } from "./headers.ts";
import { hidingHeaders } from "./hide.ts";
import { lookupName } from "./host.ts";
import { readBody, type Question } from "./http-exchange.ts";
import { askHttp2, Http1Required, loadHttp2, type Http2Response } from "./http2.ts";
import { gaveUp, open } from "./open.ts";
import { Trace } from "./trace.ts";

/** One call of grpc.health.v1.Health/Check; docs/probes/grpc.md. */
export const grpc = defineProbe({
  name: "grpc",
  settings: grpcSettings,
  hiding: ({ metadata }) => hidingHeaders(metadata),
  target(settings) {
    return { host: lookupName(settings.host), port: settings.port, ...lookupOf(settings) };
  },
  async attempt(settings, context, signal): Promise<Finding> {
    const trace = new Trace(context.address, context.dnsMs);
    const place = endpoint(trace.remote, settings.port);
    const hide = hidingHeaders(settings.metadata);
    try {
      const answer = await call(settings, { context, trace, place }, signal);
      const { details } = answer;
      const evidence = { totalMs: trace.totalMs, tls: trace.tls, grpc: details };
      const faults = faultsOf(settings, { ...answer, message: hide(answer.message) });
      const judged = context.hold(() => conclude(settings.assertions, { evidence, place, hide, faults }));
      return { ...trace.facts(), ...judged, grpc: details };
    } catch (error) {
      return gaveUp(asGrpc(error, place, signal), trace, hide);
    }
  },
});

interface Answer {
  readonly details: GrpcDetails;
  /** What the server says of a status other than 0. */
  readonly message: string;
}

interface Way {
  readonly context: AttemptContext;
  readonly trace: Trace;
  readonly place: string;
}

/** No answer to the question is longer; what is, is none. */
const maxAnswer = 65_536;

async function call(
  settings: GrpcSettings,
  { context, trace, place }: Way,
  signal: AbortSignal,
): Promise<Answer> {
  const name = settings.serverName ?? lookupName(settings.host);
  const tls = settings.tls ? { host: name, alpn: ["h2"] } : null;
  const socket = await open({ port: settings.port, tls }, trace, signal);
  try {
    if (tls !== null && trace.tls?.alpn !== "h2")
      throw new ProbeFailure("grpc.protocol", `${place} does not offer HTTP/2, which gRPC needs`);
    loadHttp2();
    trace.begin();
    const response = await askHttp2(socket, questionOf(settings, { name, place, context }), signal);
    trace.end("firstByte");
    refuseOthers(response, place);
    const { bytes, truncated } = await readBody(response, { limit: maxAnswer, place }, signal);
    trace.end("download");
    if (truncated)
      throw new ProbeFailure("grpc.protocol", `${place} answered with more than ${maxAnswer} bytes`);
    return answerOf(response, bytes, place);
  } finally {
    socket.destroy();
  }
}

function questionOf(
  { port, tls, service, metadata, timeout }: GrpcSettings,
  { name, place, context }: Pick<Way, "context" | "place"> & { readonly name: string },
): Question {
  const authority = name.includes(":") ? `[${name}]` : name;
  return {
    url: new URL(`${tls ? "https" : "http"}://${authority}:${port}/grpc.health.v1.Health/Check`),
    method: "POST",
    headers: {
      ...revealed(metadata),
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": `${Math.ceil(timeout)}m`,
      "grpc-accept-encoding": "identity",
      "user-agent": userAgent(context),
    },
    body: healthRequest(service),
    place,
  };
}

/** Proxies in front of a server answer in HTTP when it is gone. */
function refuseOthers({ statusCode, headers }: Http2Response, place: string): void {
  if ("grpc-status" in headers) return;
  const type = headers["content-type"] ?? "nothing that it names";
  if (statusCode === 200 && /^application\/grpc(?:[+;]|$)/.test(type)) return;
  const what = statusCode === 200 ? type : `HTTP status ${statusCode}`;
  throw new ProbeFailure("grpc.protocol", `${place} answered ${what} instead of gRPC`);
}

/** An answer of headers alone has its status in them, any other behind the message. */
function answerOf(response: Http2Response, bytes: Buffer, place: string): Answer {
  const said = { ...response.headers, ...response.trailers() };
  const status = said["grpc-status"];
  if (status === undefined || !/^\d{1,9}$/.test(status)) {
    const what = status === undefined ? "without a grpc-status" : "with a grpc-status that is no number";
    throw new ProbeFailure("grpc.protocol", `${place} ended its answer ${what}`);
  }
  const message = statusMessage(said["grpc-message"] ?? "");
  if (Number(status) !== 0) return { details: { status: Number(status), health: null }, message };
  try {
    return { details: { status: 0, health: healthOf(bytes) }, message };
  } catch (error) {
    throw new ProbeFailure("grpc.protocol", `${place} answered badly: ${reasonOf(error).message}`, {
      cause: error,
    });
  }
}

/** What the two statuses mean here that people meet first. */
const hints: Readonly<Record<number, string>> = {
  5: "the server does not know this service",
  12: "the server has no health service",
};

function faultsOf(
  { assertions, service }: GrpcSettings,
  { details: { status, health }, message }: Answer,
): readonly Fault[] {
  const judges = (wanted: string) => assertions.some(({ source }) => source === wanted);
  if (status !== null && status !== 0) {
    if (judges("grpc-status")) return [];
    const why = [hints[status], message === "" ? undefined : `it says: ${message.slice(0, 200)}`];
    const text = [`gRPC status is ${statusName(status)}`, ...why.filter((part) => part !== undefined)];
    return [{ errorClass: "grpc.status", message: text.join("; ") }];
  }
  if (health === "SERVING" || judges("health")) return [];
  const whose = service === "" ? "the server" : `service ${service}`;
  return [{ errorClass: "grpc.not-serving", message: `health of ${whose} is ${health}, not SERVING` }];
}

/** A refusal of the protocol that was offered, which OpenSSL tells of while TLS is set up. */
const noProtocol = "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";

/** What HTTP/2 calls it, as gRPC does. */
function asGrpc(error: unknown, place: string, signal: AbortSignal): unknown {
  const failure = error instanceof Http1Required ? error.failure : error;
  if (!(failure instanceof ProbeFailure)) return failure;
  const { errorClass, message, cause } = failure;
  if (errorClass === "tls.handshake" && cause instanceof Error && reasonOf(cause).code === noProtocol)
    return new ProbeFailure("grpc.protocol", `${place} does not offer HTTP/2, which gRPC needs`, { cause });
  if (errorClass === "http.timeout-first-byte" || errorClass === "http.timeout-body")
    return new ProbeFailure("grpc.timeout", `no gRPC answer from ${place}${within(signal)}`, { cause });
  return errorClass.startsWith("http.") ? new ProbeFailure("grpc.protocol", message, { cause }) : failure;
}
