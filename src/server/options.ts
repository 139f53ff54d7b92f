import type { Address } from "../config/values.ts";
import type { Log } from "../log.ts";
import type { DatabaseLocation } from "../store/database.ts";

export interface ServerOptions {
  /** Path of the configuration. */
  readonly config: string;
  /** Default: `server.data` of the configuration, else `crosscheck-data` in the working directory. */
  readonly database?: DatabaseLocation | undefined;
  /** Beside a PostgreSQL, the folder of the spool; default: `server.data` of the configuration, else there is none. */
  readonly data?: string | undefined;
  /** Default: `server.listen` of the configuration. Port 0 takes a free one. */
  readonly listen?: Address | undefined;
  /** Starts with a configuration that has faults, and does with it what it can. */
  readonly lenient?: boolean;
  /** Refuses a configuration that has faults even where one has run that had none. */
  readonly strictStart?: boolean;
  /** Lets actions of the configuration run scripts on this machine. */
  readonly allowExec?: boolean;
  readonly log: Log;
}
