import { statSync } from "node:fs";
import { readCertificate } from "../config/certificate.ts";
import type { Certificate, CertificateError, TlsFiles } from "../config/certificate.ts";

/** Told what becomes of a certificate while it is served. */
export interface CertificateWatch {
  /** How often the files are looked at, in ms; default: 10 s. */
  readonly everyMs?: number;
  /** Another one has taken its place. */
  renewed?(certificate: Certificate): void;
  /** What the files hold now cannot be served: the one before goes on. Told once for each change of the files. */
  refused?(why: string): void;
  /** At each look. */
  looked?(certificate: Certificate): void;
}

const usualMs = 10_000;

type Listener = (context: Certificate["context"]) => void;

/**
 * A certificate that is served, read again when its files change. Whoever renews them writes one after the other, so that
 * they do not fit for a moment: what is wrong is told when it is still so at the next look.
 */
export class ServedCertificate implements Disposable {
  readonly #watch: CertificateWatch;
  readonly #listeners = new Set<Listener>();
  readonly #timer: NodeJS.Timeout;
  #files: TlsFiles;
  #current: Certificate;
  /** Of the files as they were last read. */
  #stamp: string;
  /** Whether what the files hold now cannot be served, and whether that has been told. */
  #fault: "none" | "seen" | "told" = "none";

  /** @throws CertificateError when it cannot be served */
  constructor(files: TlsFiles, watch: CertificateWatch = {}) {
    this.#files = files;
    this.#watch = watch;
    this.#stamp = stampOf(files);
    this.#current = readCertificate(files);
    this.#timer = setInterval(() => {
      this.#look();
    }, watch.everyMs ?? usualMs).unref();
    watch.looked?.(this.#current);
  }

  /** What `https` takes. */
  get context(): Certificate["context"] {
    return this.#current.context;
  }

  /** Calls back with what takes its place: connections that are open go on. */
  onChange(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Serves what these files hold, from now on; what cannot be served is told as refused. */
  use(files: TlsFiles): void {
    this.#files = files;
    this.#stamp = "";
    this.#look();
  }

  #look(): void {
    const stamp = stampOf(this.#files);
    if (stamp !== this.#stamp) this.#fault = "none";
    if (stamp !== this.#stamp || this.#fault !== "none") this.#read();
    this.#stamp = stamp;
    this.#watch.looked?.(this.#current);
  }

  #read(): void {
    try {
      this.#current = readCertificate(this.#files);
    } catch (error) {
      if (this.#fault === "seen") this.#watch.refused?.((error as CertificateError).message);
      this.#fault = this.#fault === "none" ? "seen" : "told";
      return;
    }
    this.#fault = "none";
    for (const listener of this.#listeners) listener(this.#current.context);
    this.#watch.renewed?.(this.#current);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Changes whenever one of the files does, and when a link leads to another one. */
function stampOf(files: TlsFiles): string {
  return [files.certificate, files.key].map(stampOfFile).join("|");
}

function stampOfFile(path: string): string {
  try {
    const { ino, mtimeNs, size } = statSync(path, { bigint: true });
    return [path, ino, mtimeNs, size].join("/");
  } catch (error) {
    return `${path}/${(error as NodeJS.ErrnoException).code}`;
  }
}
