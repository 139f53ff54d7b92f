import type { Report, Window } from "../model/report.ts";
import { ReportSums } from "../report/report.ts";
import type { Database } from "../store/database.ts";
import { countedIncidents } from "../store/report.ts";

/** How far back a report goes when nobody says, and at most (ms). */
export const usualReportMs = 7 * 86_400_000;
export const longestReportMs = 90 * 86_400_000;

/** Sums up the incidents that were opened within a window, a few hundred at a time: others get their turn in between. */
export async function makeReport(database: Database, window: Window): Promise<Report> {
  const sums = new ReportSums();
  for await (const batch of countedIncidents(database, window))
    for (const incident of batch) sums.add(incident);
  return sums.report(window);
}
