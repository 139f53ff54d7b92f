import type { Incident } from "../model/incident.ts";
import { clock, counted, plainText } from "./text.ts";

/** What a storm's page is about: its incidents on one pager. */
export interface StormFacts {
  /** Of those that are not over yet, in the order in which they began. */
  readonly subjects: readonly string[];
  /** How many there are, with those that are over. */
  readonly count: number;
}

/** So many subjects are named, the others counted. */
export const maxStormListed = 20;
const maxSubject = 80;
/** Less than a first line and a summary have room for. */
const maxLine = 48;
const maxList = 800;

/** A hash of the alert's body tells nobody anything: it stands where nothing in the alert says what it is about. */
export function shownSubject({ subject, route }: Pick<Incident, "subject" | "route">): string {
  return isHash(subject) ? route : subject;
}

export function isHash(subject: string): boolean {
  return /^sha256:[0-9a-f]{32}$/.test(subject);
}

/** `37 incidents on oncall` */
export function stormName({ count }: StormFacts, { subject }: Incident): string {
  return `${counted(count, "incident")} on ${subject}`;
}

/** For the first line: as many of the subjects as it has room for. */
export function stormLine(
  { subjects }: StormFacts,
  { openedAt }: Incident,
  now: number,
): { readonly headline: string; readonly cause: string; readonly when: string } {
  return { headline: "STORM", cause: listed(subjects, 3, maxLine), when: `, since ${clock(openedAt, now)}` };
}

/** What the page stands for, and which of it is still going on. */
export function stormSummary({ subjects, count }: StormFacts): string {
  const over = count - subjects.length;
  const ends = over === 0 ? "" : `; of ${count}, ${over} ${over === 1 ? "is" : "are"} over`;
  const list = subjects.length === 0 ? "" : `: ${listed(subjects, maxStormListed, maxList)}`;
  return `So many incidents began at once that these are told in one page${list}${ends}`;
}

/** How many are left out is said whatever is cut. */
function listed(subjects: readonly string[], limit: number, room: number): string {
  const texts = subjects.slice(0, limit).map((subject) => plainText(subject, maxSubject));
  let size = 0;
  const named = texts.filter((text) => (size += text.length + 2) <= room);
  const left = subjects.length - named.length;
  return [...named, ...(left > 0 ? [`and ${left} more`] : [])].join(", ");
}
