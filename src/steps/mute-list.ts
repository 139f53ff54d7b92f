import type { Mute } from "../model/mute.ts";
import type { Database } from "../store/database.ts";
import { mutesAfter } from "../store/mutes.ts";

/** For how long "there are none" holds (ms): every message asks, and hardly ever is anything muted. */
const emptyMs = 1000;

/** The mutes in the database. While there are any, each question reads them; none is taken for an old answer. */
export class MuteList {
  #emptySince: number | null = null;
  #changes = 0;

  /** Those that are not over at `now` (ms since 1970). One that another replica has begun may be missing for a second. */
  async after(database: Database, now: number): Promise<Mute[]> {
    const emptyFor = this.#emptySince === null ? null : now - this.#emptySince;
    if (emptyFor !== null && emptyFor >= 0 && emptyFor < emptyMs) return [];
    const changes = this.#changes;
    const mutes = await mutesAfter(database, now);
    this.#emptySince = mutes.length === 0 && changes === this.#changes ? now : null;
    return mutes;
  }

  /** This process has changed them. */
  changed(): void {
    this.#changes += 1;
    this.#emptySince = null;
  }
}
