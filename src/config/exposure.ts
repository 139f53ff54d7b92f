import type { Finding } from "./finding.ts";
import { warning } from "./finding.ts";
import type { FileSettings } from "./schema.ts";

/** Headers that hold no secret. */
const harmless = /^(accept|accept-.*|user-agent|cache-control)$/i;

/** A check whose host the alert chooses sends its headers to whatever host that is. */
export function checkExposure(file: FileSettings): Finding[] {
  return file.checks.flatMap((check, index) => {
    const names = Object.keys(check.headers).filter((name) => !harmless.test(name));
    if (names.length === 0 || !/^(https?:\/\/[^/]*)?\{\{/.test(check.url)) return [];
    const message = `${names.join(", ")} would be sent to whatever host the alert names: write the host into the url, or take it from data-files`;
    return [warning(["checks", index, "headers"], message)];
  });
}
