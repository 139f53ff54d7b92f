/** What a location does when its own trouble may be what it sees: it asks controls, and other resolvers. */
import type { Attempt, ControlResult } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { arbitrate, type Ruling } from "./arbitrate.ts";
import { askControls, mayBeOurs, type Asking } from "./controls.ts";
import { parseServer } from "./dns/dns-server.ts";
import type { DnsQuestion } from "./dns/message.ts";
import { failed } from "./failure.ts";
import { refusal } from "./guard.ts";
import type { Finding, Target } from "./probe-type.ts";
import { configured, type ResolveContext } from "./resolve.ts";

export interface Suspicion {
  readonly request: ProbeRequest;
  readonly target: Target;
  readonly network: ResolveContext;
}

/** What became of it: the attempts as they are to be read now. */
export interface Settled {
  readonly attempts: readonly Attempt[];
  /** Absent: nobody was asked. */
  readonly controls?: ControlResult[];
}

/**
 * Starts with the first try that may be the location's own fault, and goes on beside those that follow: no try waits
 * for it. Disposing of it ends what is still asked.
 */
export class Doubt implements Disposable {
  readonly #suspicion: Suspicion;
  readonly #signal: AbortSignal;
  readonly #controller = new AbortController();
  #controls: Asking | undefined;
  #ruling: Promise<Ruling | undefined> | undefined;

  /** When the signal aborts, time is up: what has come by then is all there is. */
  constructor(suspicion: Suspicion, signal: AbortSignal) {
    this.#suspicion = suspicion;
    this.#signal = signal;
    if (signal.aborted) this.#end();
    else signal.addEventListener("abort", this.#end, { once: true });
  }

  /** Told how each try ended. */
  readonly consider = (finding: Finding): void => {
    const { request, network } = this.#suspicion;
    const { signal } = this.#controller;
    if (this.#controls === undefined && request.controls.length > 0 && mayBeOurs(finding))
      this.#controls = askControls(request.controls, { samples: request.samples.count, network }, signal);
    if (this.#isResolvers(finding)) this.#ruling ??= this.#arbitrate(signal);
  };

  /** Waits for what was asked. Where nothing got through each control is heard once: more could not change it. */
  async settle(attempts: readonly Attempt[]): Promise<Settled> {
    const through = attempts.some(({ outcome }) => outcome === "pass" || outcome === "degraded");
    const [ruling] = await Promise.all([this.#ruling, through ? this.#controls?.all : this.#controls?.once]);
    return {
      attempts: ruling === undefined ? attempts : attempts.map((one) => this.#reread(one, ruling)),
      ...(this.#controls === undefined ? {} : { controls: [...this.#controls.results] }),
    };
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#end);
    this.#end();
  }

  readonly #end = () => {
    this.#controller.abort(this.#signal.reason);
  };

  #isResolvers({ errorClass, remoteAddress }: Finding): boolean {
    if (errorClass !== "location.resolver") return false;
    // A redirect to a name that cannot be resolved is another name.
    return remoteAddress === null || this.#suspicion.target.dns !== undefined;
  }

  async #arbitrate(signal: AbortSignal): Promise<Ruling | undefined> {
    const { request, target, network } = this.#suspicion;
    const { own = configured, sealed } = network;
    const servers = (request.resolvers ?? []).flatMap((text) => parseServer(text) ?? []);
    const warrant = { target: own, hop: "first", sealed } as const;
    const allowed = servers.filter((server) => refusal(server, warrant) === undefined);
    const dispute = { questions: questionsOf(target), servers: allowed, controls: request.controls };
    const ruling = await arbitrate(dispute, signal);
    // Half of the answers are no ruling.
    return signal.aborted ? undefined : ruling;
  }

  #reread(attempt: Attempt, { errorClass, message }: Ruling): Attempt {
    if (message === "" || !this.#isResolvers(attempt)) return attempt;
    const words = `${attempt.message}; asked others: ${message}`;
    return { ...attempt, ...failed({ errorClass, message: words }) };
  }
}

function questionsOf({ host, family, dns }: Target): readonly DnsQuestion[] {
  if (dns !== undefined) return [dns.question];
  const types = { 4: ["A"], 6: ["AAAA"] } as const;
  return (family === undefined ? ["A", "AAAA"] : types[family]).map((type) => ({ name: host, type }));
}
