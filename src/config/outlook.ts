import { warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import type { FileSettings } from "./schema.ts";

/** What a location asks to find out if a failure is its own needs others than the target: enough, and of several owners. */
export function checkOutlook({ controls, resolvers, locations }: FileSettings): Finding[] {
  return [
    ...checkControls(controls, ["controls"]),
    ...locations.flatMap((location, index) =>
      location.controls === undefined
        ? []
        : checkControls(location.controls, ["locations", index, "controls"]),
    ),
    ...(resolvers.length === 1 ? [warning(["resolvers"], oneResolver)] : []),
  ];
}

const oneResolver =
  "a name that fails at one resolver fails by its word alone: list two, of different operators";

/** None at all is a decision; too few is more likely an oversight. */
function checkControls(urls: readonly string[], path: Path): Finding[] {
  if (urls.length === 0) return [];
  if (urls.length < 3)
    return [
      warning(
        path,
        `with fewer than three controls one that is down by itself decides whether a location is thought cut off: list three, of different operators`,
      ),
    ];
  const owners = new Set(urls.map(ownerOf));
  return owners.size > 1
    ? []
    : [
        warning(
          path,
          `all controls are of ${[...owners].join("")}: while it is down, every location is thought cut off; list those of others too`,
        ),
      ];
}

/** The last two labels of the name: enough to tell operators apart where one of them lists all. */
function ownerOf(url: string): string {
  return new URL(url).hostname.split(".").slice(-2).join(".");
}
