import { describeError } from "../../model/errors.ts";
import type { Config } from "../../config/config.ts";
import { isInvestigated } from "../../route/plan.ts";
import { openSetup } from "../../server/setup.ts";
import type { OpenSetup } from "../../server/setup.ts";
import { validityFault, readCertificate } from "../../config/certificate.ts";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Diagnosis, Examination } from "./diagnosis.ts";
import { examineLocation } from "./places.ts";
import { judgePreparedness } from "./preparedness.ts";
import type { Outlook } from "./preparedness.ts";

/** What a configuration that can be used opens: its locations, and who looks for which route. */
export interface OpenOutlook extends AsyncDisposable {
  readonly examinations: readonly Examination[];
}

export async function openOutlook(config: Config | undefined): Promise<OpenOutlook> {
  if (config === undefined) return { examinations: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  const { tls } = config.server;
  const certificate = tls === null ? [] : [always("certificate", () => [judgeCertificate(tls)])];
  let setup: OpenSetup;
  try {
    setup = await openSetup(config);
  } catch (error) {
    const fault = fail("locations", describeError(error), "see locations: in the configuration");
    return {
      examinations: [...certificate, always("locations", () => [fault])],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const locations = [...setup.locations.values()].filter(({ name }) => config.locations.has(name));
  const prepared = always("preparedness", () =>
    judgePreparedness(config, { kinds: setup.kinds, outlooks: outlooksOf(setup) }),
  );
  return {
    examinations: [...certificate, ...locations.map(examineLocation), prepared],
    [Symbol.asyncDispose]: () => setup.retire(),
  };
}

/** What needs nobody's answer. */
function always(about: string, judge: () => readonly Diagnosis[]): Examination {
  return { about, examine: () => Promise.resolve(judge()) };
}

function outlooksOf({ config, locations }: OpenSetup): Outlook[] {
  const checked = [...config.routes.values()].filter(isInvestigated);
  return checked.map(({ name, checks, votes, locations: own }) => {
    const places = [...(checks.length === 0 ? [] : own), ...votes];
    return { route: name, domains: new Set(places.flatMap((place) => locations.get(place)?.domain ?? [])) };
  });
}

/** That its files fit each other is a matter of the configuration. */
function judgeCertificate(files: { readonly certificate: string; readonly key: string }): Diagnosis {
  const certificate = readCertificate(files);
  const fault = validityFault(certificate, Date.now());
  const until = new Date(certificate.notAfter).toISOString();
  if (fault === undefined) return ok("certificate", `${files.certificate} is served until ${until}`);
  return warn("certificate", fault, "renew it: its files are read again when they change");
}
