import { X509Certificate, createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { SecureContextOptions } from "node:tls";
import { describeError } from "../model/errors.ts";
import { error, warning } from "./finding.ts";
import type { Finding, Severity } from "./finding.ts";

/** PEM files, by path. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate and its key that fit each other. */
export interface Certificate {
  /** What `tls` takes: TLS 1.2 and above. */
  readonly context: Readonly<Pick<SecureContextOptions, "cert" | "key" | "minVersion">>;
  /** ms since 1970 */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate that cannot be served; `file` is what is to blame. */
export class CertificateError extends Error {
  override name = "CertificateError";
  readonly file: keyof TlsFiles;

  constructor(file: keyof TlsFiles, message: string, options?: ErrorOptions) {
    super(message, options);
    this.file = file;
  }
}

/** @throws CertificateError with one line that has paths and nothing of what is in the files */
export function readCertificate(files: TlsFiles): Certificate {
  const cert = read("certificate", files.certificate);
  const key = read("key", files.key);
  const leaf = certificateIn(cert, files.certificate);
  if (!leaf.checkPrivateKey(keyIn(key, files.key)))
    throw new CertificateError(
      "key",
      `${files.key} is not the key of the certificate in ${files.certificate}`,
    );
  const context = { cert, key, minVersion: "TLSv1.2" } as const;
  try {
    createSecureContext(context);
  } catch (cause) {
    const why = describeError(cause);
    throw new CertificateError("certificate", `${files.certificate} cannot be served: ${why}`, { cause });
  }
  return { context, notBefore: leaf.validFromDate.getTime(), notAfter: leaf.validToDate.getTime() };
}

function read(file: keyof TlsFiles, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "there is no such file" : `it cannot be read (${code ?? "no reason given"})`;
    throw new CertificateError(file, `${path}: ${why}`, { cause });
  }
}

function certificateIn(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    const why = "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)";
    throw new CertificateError("certificate", `${path} ${why}`, { cause });
  }
}

function keyIn(text: string, path: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const isLocked = /ENCRYPTED/.test(text);
    const why = isLocked
      ? "is locked with a passphrase: write the key without one, readable by this user only"
      : "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)";
    throw new CertificateError("key", `${path} ${why}`, { cause });
  }
}

const weekMs = 7 * 86_400_000;

/** What is wrong with when a certificate is valid; undefined: nothing for the next week. */
export function validityFault({ notBefore, notAfter }: Certificate, now: number): string | undefined {
  if (now < notBefore) return `the certificate is not valid before ${new Date(notBefore).toISOString()}`;
  const ends = new Date(notAfter).toISOString();
  if (now > notAfter) return `the certificate has expired, at ${ends}: senders refuse it`;
  return notAfter - now < weekMs ? `the certificate expires soon, at ${ends}` : undefined;
}

/** `server.tls`, whose files stand on the machine that serves; `severity` is that of files that cannot be used. */
export function checkCertificate(
  files: TlsFiles | undefined,
  { severity, now }: { readonly severity: Severity; readonly now: number },
): Finding[] {
  if (files === undefined) return [];
  const path = ["server", "tls"];
  try {
    const fault = validityFault(readCertificate(files), now);
    return fault === undefined ? [] : [warning([...path, "certificate"], fault)];
  } catch (thrown) {
    if (!(thrown instanceof CertificateError)) throw thrown;
    return [{ ...error([...path, thrown.file], thrown.message), severity }];
  }
}
