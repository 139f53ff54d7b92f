/** An alert that was answered 202. */
export interface Accepted {
  readonly id: string;
  /** What is to become of it; `Expected` says to whom it is told. */
  readonly kind: string;
  /** ms since 1970 */
  readonly at: number;
}

/** One message that reached a receiver. */
export interface Told {
  /** The first part of its path: whom it was for. */
  readonly who: string;
  /** Its idempotency key, or a pager's own. */
  readonly key: string;
  /** ms since 1970 */
  readonly at: number;
  /** Whether the receiver has answered 2xx. */
  taken: boolean;
}

/** Who has to be told of the alerts of a kind: one of the listed. */
export type Expected = Readonly<Record<string, readonly string[]>>;

/** So many examples of a broken promise are named. */
const examples = 3;

/** What was accepted, what was told, and whether the one follows from the other. Alerts are known by their mark. */
export class Ledger {
  readonly accepted = new Map<string, Accepted>();
  readonly told = new Map<string, Told[]>();
  /** 503 with Retry-After. */
  refused = 0;
  /** The connection broke before there was an answer. */
  unanswered = 0;
  /** Answers that nobody was promised. */
  readonly odd: string[] = [];
  #marks = 0;

  /** A text for the body of the next alert, to find it by. */
  nextMark(): string {
    this.#marks += 1;
    return `chaos-${String(this.#marks).padStart(8, "0")}`;
  }

  /** The marks in a message. */
  static marksIn(body: string): ReadonlySet<string> {
    return new Set(body.match(/chaos-\d{8}/g));
  }

  hear(mark: string, told: Told): void {
    const before = this.told.get(mark);
    if (before === undefined) this.told.set(mark, [told]);
    else before.push(told);
  }

  /** Accepted, and not taken by any of those who had to be told. */
  owed(expected: Expected): string[] {
    return [...this.accepted].flatMap(([mark, { kind }]) =>
      this.#takenBy(mark, expected[kind] ?? []).length === 0 ? [mark] : [],
    );
  }

  /** When each accepted alert of a kind was first told to somebody: `[acceptedAt, toldAt]`. */
  times(kind: string, who: string): { readonly mark: string; readonly from: number; readonly to: number }[] {
    return [...this.accepted].flatMap(([mark, accepted]) => {
      const first = this.told.get(mark)?.find((each) => each.who === who);
      return accepted.kind === kind && first !== undefined ? [{ mark, from: accepted.at, to: first.at }] : [];
    });
  }

  counts(): Record<string, number> {
    let delivered = 0;
    let duplicates = 0;
    for (const [mark, all] of this.told) {
      const taken = all.filter(({ taken }) => taken);
      if (taken.length > 0 && this.accepted.has(mark)) delivered += 1;
      duplicates += taken.length - new Set(taken.map(({ who, key }) => `${who} ${key}`)).size;
    }
    const { refused, unanswered } = this;
    return { accepted: this.accepted.size, delivered, duplicates, refused, unanswered };
  }

  /** What speaks against "nothing accepted is lost, and what is told twice has one key". */
  faults(expected: Expected): string[] {
    const owed = this.owed(expected).map(
      (mark) => `accepted and never delivered: ${mark}, alert ${this.accepted.get(mark)?.id}`,
    );
    const split = [...this.told].flatMap(([mark, all]) =>
      [...Map.groupBy(all, ({ who }) => who)].flatMap(([who, told]) => {
        const keys = new Set(told.map(({ key }) => key));
        return keys.size > 1
          ? [`${who} was told of ${mark} under ${keys.size} keys: ${[...keys].join(", ")}`]
          : [];
      }),
    );
    return [...abridged(owed), ...abridged(split), ...abridged(this.odd)];
  }

  #takenBy(mark: string, who: readonly string[]): Told[] {
    return (this.told.get(mark) ?? []).filter((each) => each.taken && who.includes(each.who));
  }
}

/** The first few, and how many more there are. */
export function abridged(faults: readonly string[]): string[] {
  const rest = faults.length - examples;
  return rest > 0 ? [...faults.slice(0, examples), `… and ${rest} more like the last`] : [...faults];
}
