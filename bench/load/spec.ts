/** What alerts look like on the wire; about 400 bytes each. */
export type AlertForm = "crosscheck" | "alertmanager";

/** How fast alerts are sent. */
export type Pace =
  /** As fast as the answers come, for a time; what is answered in the warm-up is not counted. */
  | { readonly kind: "flood"; readonly warmUpMs: number; readonly ms: number }
  /** As fast as the answers come, so many. */
  | { readonly kind: "count"; readonly count: number }
  /** So many a second, whatever the answers do: a late answer does not make the next alert late. */
  | { readonly kind: "rate"; readonly perSecond: number; readonly ms: number };

export interface LoadSpec {
  readonly url: string;
  readonly form: AlertForm;
  readonly subjects: "distinct" | "one";
  readonly connections: number;
  readonly pace: Pace;
}

/** What was answered in the time that counts. */
export interface LoadResult {
  readonly accepted: number;
  readonly refused: number;
  /** All alerts of the run, those of the warm-up included. */
  readonly acceptedInAll: number;
  readonly ms: number;
  readonly latencies: Float64Array;
  /** When alert n was accepted, by the machine's clock; NaN: it was not. */
  readonly acceptedAt: Float64Array;
}
