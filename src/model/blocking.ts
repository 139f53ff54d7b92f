import type { HttpDetails } from "./observation.ts";

/** Statuses by which a server refuses somebody rather than everybody (RFC 9110 §15.5.4, RFC 6585 §4, RFC 7725 §3). */
const refusals: ReadonlySet<number> = new Set([403, 429, 451]);

/**
 * Headers that only the answer of a firewall has, whatever its status: AWS sends 202 with a challenge and 405 with a CAPTCHA.
 *
 * Sources: developers.cloudflare.com/cloudflare-challenges (detect a Challenge Page response), docs.aws.amazon.com/waf (CAPTCHA
 * and Challenge action behavior), docs.datadome.co/reference/validate-request; Vercel's is what its firewall sends.
 */
const firewallHeaders: readonly { readonly name: string; readonly value: RegExp }[] = [
  { name: "cf-mitigated", value: /^challenge$/i },
  { name: "x-amzn-waf-action", value: /^(?:challenge|captcha)$/i },
  { name: "x-dd-b", value: /^[12]$/ },
  { name: "x-vercel-mitigated", value: /^(?:challenge|deny)$/i },
];

/**
 * What the pages of challenges have and ordinary pages do not: the title and the options of Cloudflare's, the frame of
 * DataDome's, the script of AWS WAF's, the words of the page with which Imperva refuses.
 */
const challengePage =
  /<title>Just a moment\.\.\.<\/title>|_cf_chl_opt|geo\.captcha-delivery\.com\/|AwsWafIntegration\.checkForceRefresh|Incapsula incident ID/;

/**
 * Whether an answer looks as if it were meant for us and not for everybody: a refusal, or the page of a firewall that wants
 * to see a browser. Whether it is a failure of the target is the verdict's to say.
 */
export function looksBlocked({ statusCode, headers, bodySample }: HttpDetails): boolean {
  if (refusals.has(statusCode)) return true;
  if (firewallHeaders.some(({ name, value }) => value.test(headers[name] ?? ""))) return true;
  return challengePage.test(bodySample);
}
