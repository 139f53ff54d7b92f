import { DeliveryError } from "../../model/errors.ts";
import { hideSecrets } from "../post.ts";
import { plainText, wordList } from "../text.ts";

const maxQuotedLength = 200;

/** What a mail server answered, as nodemailer hands it on. */
interface SmtpError {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly recipient?: string | undefined;
}

/**
 * Why a mail was not taken. RFC 5321 §4.2.1: 4yz is for now, 5yz for good; without an answer it is for now.
 */
export function smtpFailure(error: unknown, secrets: readonly string[]): DeliveryError {
  const { code, responseCode, response } = (error ?? {}) as SmtpError;
  if (responseCode === undefined) {
    // nodemailer's messages are its own words and the system's; a server's come with its code.
    const why = hideSecrets(error instanceof Error ? error.message : "", secrets);
    return new DeliveryError(`the mail was not sent: ${plainText(why, maxQuotedLength)}`, {
      permanent: false,
    });
  }
  const said = quoted(response ?? String(responseCode), secrets);
  const did = code === "ETLS" ? "refuses STARTTLS, and tls asks for it:" : "answers";
  return new DeliveryError(`the mail server ${did} ${said}`, { permanent: responseCode >= 500 });
}

/**
 * Some recipients were refused, others have the mail. For good: it is not sent again to those who have it. For now: it
 * is, and its id is the same.
 */
export function partialFailure(
  sent: { readonly rejected: readonly unknown[]; readonly rejectedErrors?: readonly SmtpError[] | undefined },
  secrets: readonly string[],
): DeliveryError {
  const errors = sent.rejectedErrors ?? [];
  const refused = sent.rejected.map((address) => {
    const error = errors.find(({ recipient }) => recipient === address);
    return `${String(address)} (${quoted(error?.response ?? "no reason given", secrets)})`;
  });
  const permanent = errors.every(({ responseCode = 400 }) => responseCode >= 500);
  return new DeliveryError(`the mail server refuses ${wordList(refused)}; the others have it`, { permanent });
}

function quoted(response: string, secrets: readonly string[]): string {
  return plainText(hideSecrets(response, secrets), maxQuotedLength);
}
