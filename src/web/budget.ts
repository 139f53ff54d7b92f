/** So many bytes of memory for something that strangers make grow; whoever asks for more is told no. */
export class Budget {
  readonly #maxBytes: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a part of it, to be given back by disposing of it. */
  open(): Share {
    let taken = 0;
    return {
      take: (bytes) => {
        if (this.#used + bytes > this.#maxBytes) return false;
        this.#used += bytes;
        taken += bytes;
        return true;
      },
      [Symbol.dispose]: () => {
        this.#used -= taken;
        taken = 0;
      },
    };
  }
}

/** Somebody's part of a budget. */
export interface Share extends Disposable {
  /** Takes more of it; false, and nothing is taken, when there is not enough left. */
  take(bytes: number): boolean;
}
