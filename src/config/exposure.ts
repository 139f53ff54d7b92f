import type { Finding } from "./finding.ts";
import { warning } from "./finding.ts";
import type { FileSettings } from "./schema.ts";

/** Headers that hold no secret. */
const harmless = /^(accept|accept-.*|user-agent|cache-control)$/i;

type Check = FileSettings["checks"][number];

/** A check whose host the alert chooses sends what it has to whatever host that is. */
export function checkExposure(file: FileSettings): Finding[] {
  return file.checks.flatMap((check, index) => {
    if (!isAnybodys(check)) return [];
    return sentBy(check).map(({ key, what }) => {
      const message = `${what} would be sent to whatever host the alert names: write the host into the ${"url" in check ? "url" : "check"}, or take it from data-files`;
      return warning(["checks", index, key], message);
    });
  });
}

function isAnybodys(check: Check): boolean {
  // Only what stands behind a host that has ended leaves the host alone.
  if ("url" in check) return check.url.includes("{{") && !/^[a-z]+:\/\/[^/?#\\{]+[/?#]/i.test(check.url);
  return "host" in check && check.host.includes("{{");
}

/** What a check sends that may be secret, by its key. */
function sentBy(check: Check): readonly { readonly key: string; readonly what: string }[] {
  const fields = {
    headers: {},
    metadata: {},
    basicAuth: undefined,
    body: undefined,
    send: undefined,
    ...check,
  };
  const named = [
    { key: "headers", names: Object.keys(fields.headers).filter((name) => !harmless.test(name)) },
    { key: "metadata", names: Object.keys(fields.metadata) },
  ];
  return [
    ...named.flatMap(({ key, names }) => (names.length === 0 ? [] : [{ key, what: names.join(", ") }])),
    ...(fields.basicAuth === undefined ? [] : [{ key: "basic-auth", what: "the password of basic-auth" }]),
    ...(fields.body === undefined ? [] : [{ key: "body", what: "the body" }]),
    ...(fields.send === undefined ? [] : [{ key: "send", what: "what it sends" }]),
  ];
}
