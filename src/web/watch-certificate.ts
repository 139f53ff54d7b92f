import { validityFault } from "../config/certificate.ts";
import type { Context } from "../steps/context.ts";
import { reportTrouble } from "../steps/trouble.ts";
import type { CertificateWatch } from "./served-certificate.ts";

const dayMs = 86_400_000;

/** Tells `trouble` of a certificate that cannot be served, and once a day of one that ends soon; the metrics when it ends. */
export function watchCertificate(context: Context): CertificateWatch {
  let nextTold = 0;
  const tell = (note: string) => void reportTrouble(context, "certificate", { what: "server.tls", note });
  return {
    renewed({ notAfter }) {
      nextTold = 0;
      context.log.info("certificate-renewed", { notAfter: new Date(notAfter).toISOString() });
    },
    refused(why) {
      tell(`the one before goes on: ${why}`);
    },
    looked(certificate) {
      context.metrics.certificateEnds.set(certificate.notAfter / 1000);
      const now = context.now();
      const fault = validityFault(certificate, now);
      if (fault === undefined || now < nextTold) return;
      nextTold = now + dayMs;
      tell(fault);
    },
  };
}
