import * as z from "zod";
import type { Location } from "../../check/location-type.ts";
import { checkSettings } from "../../check/probes/index.ts";
import { runChecks } from "../../check/run-check.ts";
import { writtenCheck } from "../../model/check.ts";
import type { Observation } from "../../model/observation.ts";
import { probeProtocolVersion } from "../../model/probe-protocol.ts";
import { fail, ok } from "./diagnosis.ts";
import type { Diagnosis, Examination } from "./diagnosis.ts";

const deadlineMs = 8000;

/**
 * The least that a location can be asked: to connect to a port of its own machine on which nobody listens (1, tcpmux). That
 * this fails, or that it refuses to, is an answer; it needs no network and bothers nobody.
 */
const trivial = writtenCheck.parse(
  z.encode(checkSettings, checkSettings.parse({ name: "doctor", type: "tcp", host: "127.0.0.1", port: 1 })),
);

/** Whether each location does what it is asked. */
export function examineLocation(location: Location): Examination {
  const about = `location ${location.name}`;
  return {
    about,
    examine: async (signal) => {
      const question = { check: trivial.name, location, request: requestFor(location.name) };
      const look = { questions: [question], deadlineMs, settled: () => false, onObservation: () => {} };
      const observations = await runChecks(look, signal);
      return observations.map((seen) => judgeLocation(location, seen));
    },
  };
}

function requestFor(location: string) {
  return {
    version: probeProtocolVersion,
    check: trivial,
    location,
    samples: { count: 1, intervalMs: 0 },
    resolvers: [],
    controls: [],
    deadlineMs,
    target: { from: "config" as const, allowPrivate: [] },
  };
}

/** Pure. */
export function judgeLocation(
  { name, domain }: Pick<Location, "name" | "domain">,
  { errorClass, message, durationMs }: Pick<Observation, "errorClass" | "message" | "durationMs">,
): Diagnosis {
  const about = `location ${name}`;
  const isSilent = errorClass?.startsWith("location.") === true && errorClass !== "location.blocked-target";
  if (isSilent) return fail(about, message, `it has no vote until that is mended (${errorClass})`);
  return ok(about, `answers, in ${Math.round(durationMs)} ms; failure domain ${domain}`);
}
