/** A route or a subject that nobody is told about for a while. Times are ms since 1970. */
export interface Mute {
  readonly id: string;
  /** null: every route. */
  readonly route: string | null;
  /** null: every subject. */
  readonly subject: string | null;
  readonly from: number;
  readonly until: number;
  readonly reason: string;
  /** Who muted it. */
  readonly actor: string;
}

/** The longest mute, in ms. */
export const longestMuteMs = 86_400_000;
