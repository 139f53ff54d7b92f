import type { NoticeItem } from "../model/delivery.ts";
import { flappingFlag } from "../model/incident.ts";
import type { CountedIncident, LocationSums, Window } from "../model/report.ts";
import { fateOf } from "./classify.ts";
import { ReportSums } from "./report.ts";

/** More of one kind than this are only counted: the rest is in the report. */
const maxListed = 20;

/** Messages of a day that an action did not take and never will. */
export interface DeadLetters {
  readonly action: string;
  readonly count: number;
}

export interface Digest {
  /** The day in one sentence. */
  readonly note: string;
  readonly items: readonly NoticeItem[];
}

/** The summary of a day, from its incidents, one after the other. */
export class DigestSums {
  readonly #sums = new ReportSums();
  readonly #spared: NoticeItem[] = [];
  readonly #flapping: NoticeItem[] = [];
  #flappingCount = 0;

  add(incident: CountedIncident): void {
    this.#sums.add(incident);
    const fate = fateOf(incident);
    if (fate === "spared") list(this.#spared, lineOf("spared", incident));
    if (fate === "would-be-spared") list(this.#spared, lineOf("would have been spared", incident));
    if (!incident.flags.includes(flappingFlag)) return;
    this.#flappingCount += 1;
    list(this.#flapping, lineOf("flapping", incident));
  }

  digest(window: Window, deadLetters: readonly DeadLetters[]): Digest {
    const { total, locations } = this.#sums.report(window);
    const blind = locations.filter(({ votes }) => votes.none > 0);
    const dead = deadLetters.reduce((sum, { count }) => sum + count, 0);
    const quiet = total.spared + total.wouldBeSpared;
    const counts = [
      counted(total.alerts, "alert"),
      counted(total.pages, "page"),
      total.wouldBeSpared === 0
        ? `${total.spared} spared`
        : `${total.spared} spared, ${total.wouldBeSpared} in shadow`,
      ...(this.#flappingCount === 0 ? [] : [`${this.#flappingCount} flapping`]),
      ...(dead === 0 ? [] : [counted(dead, "dead letter")]),
      ...(blind.length === 0 ? [] : [`${counted(blind.length, "location")} could not look`]),
    ];
    const items = [
      ...this.#spared,
      ...left(quiet, "spared"),
      ...this.#flapping,
      ...left(this.#flappingCount, "flapping"),
      ...deadLetters.map(({ action, count }) => plain(`${counted(count, "dead letter")} of ${action}`)),
      ...blind.map(blindLine),
    ];
    return { note: counts.join(", "), items };
  }
}

function list(items: NoticeItem[], item: NoticeItem): void {
  if (items.length < maxListed) items.push(item);
}

/** `spared: https://shop.example, route confirm-page, 03:02Z` */
function lineOf(what: string, { id, subject, route, openedAt }: CountedIncident): NoticeItem {
  const about = subject.length > 150 ? `${subject.slice(0, 149).toWellFormed()}…` : subject;
  return {
    text: `${what}: ${about}, route ${route}, ${new Date(openedAt).toISOString().slice(11, 16)}Z`,
    incidentId: id,
  };
}

function left(count: number, what: string): NoticeItem[] {
  return count <= maxListed
    ? []
    : [plain(`${what}: and ${count - maxListed} more; crosscheck report sums them up`)];
}

/** `apac could not look in 3 of 40 checks, 2 of them cut off from everything` */
function blindLine({ location, votes, excuses }: LocationSums): NoticeItem {
  const all = Object.values(votes).reduce((sum, count) => sum + count, 0);
  const cutOff = excuses.impaired === 0 ? "" : `, ${excuses.impaired} of them cut off from everything`;
  return plain(`${location} could not look in ${votes.none} of ${counted(all, "check")}${cutOff}`);
}

function plain(text: string): NoticeItem {
  return { text, incidentId: null };
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}
