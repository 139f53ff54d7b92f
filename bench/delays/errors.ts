import { spread, type Figure } from "../figure.ts";
import type { Visit } from "./visits.ts";

/** What a prober says a visit took; ms. */
export interface Measured {
  readonly tcp: number | null;
  readonly tls: number | null;
  readonly firstByte: number | null;
  readonly download: number | null;
  readonly total: number | null;
}

const phases = ["tcp", "tls", "firstByte", "download", "total"] as const;
export type Phase = (typeof phases)[number];

/** How far a prober is off, in each phase; ms. */
export type TimingErrors = Readonly<Record<Phase, readonly Deviation[]>>;

interface Deviation {
  readonly error: number;
  readonly truth: number;
}

/** On loopback a connection takes no time worth mentioning: all that tcp shows is error. */
const tcpTruthMs = 0;

export function timingErrors(
  pairs: readonly { readonly visit: Visit; readonly measured: Measured }[],
): TimingErrors {
  const of = (phase: Phase) =>
    pairs.flatMap(({ visit, measured }) => {
      const truth = phase === "tcp" ? tcpTruthMs : visit[phase];
      const shown = measured[phase];
      return truth === null || shown === null ? [] : [{ error: Math.abs(shown - truth), truth }];
    });
  return {
    tcp: of("tcp"),
    tls: of("tls"),
    firstByte: of("firstByte"),
    download: of("download"),
    total: of("total"),
  };
}

/** Errors of each phase, and how many of all are within the target: 5 ms or 5 %. */
export function errorFigures(errors: TimingErrors, part: string, who: string): Figure[] {
  const all = phases.flatMap((phase) => errors[phase]);
  const within = all.filter(({ error, truth }) => error <= Math.max(5, truth * 0.05));
  return [
    ...phases.flatMap((phase) =>
      spread(
        errors[phase].map(({ error }) => error),
        { part, name: `error of ${phase}, ${who}`, note: `${errors[phase].length} probes` },
      ),
    ),
    { part, name: `within 5 ms or 5 %, ${who}`, value: (within.length * 100) / all.length, unit: "%" },
  ];
}
