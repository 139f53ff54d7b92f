/** Who asked for a change, for the record. */
export interface Actor {
  /** `api-token 1` is the first of the list, `loopback` this machine, `signal` a SIGHUP, `process` the program around us. */
  readonly name: string;
  /** The other end of the connection; null where there was none. */
  readonly address: string | null;
}
