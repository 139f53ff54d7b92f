import { parseArgs } from "node:util";
import * as z from "zod";
import { deliveryState } from "../model/delivery.ts";
import { apiOptions, openApi } from "./api-client.ts";
import { terminalText } from "./terminal-text.ts";
import { UsageError } from "./usage.ts";

/** A delivery as the API gives it. */
const delivery = z.object({
  id: z.string(),
  action: z.string(),
  event: z.string(),
  state: z.string(),
  attempts: z.int(),
  createdAt: z.string(),
  error: z.string().nullable(),
});
type ShownDelivery = z.output<typeof delivery>;

/** `crosscheck deliveries`: the outbox of a server, newest first, one line each. */
export async function deliveries(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...apiOptions,
      state: { type: "string" },
      action: { type: "string" },
      limit: { type: "string", default: "50" },
      json: { type: "boolean", default: false },
    },
  });
  const { state, action, limit } = values;
  if (state !== undefined && !deliveryState.safeParse(state).success)
    throw new UsageError(`--state is one of ${deliveryState.options.join(", ")}`);
  const parameters = new URLSearchParams({
    limit,
    ...(state === undefined ? {} : { state }),
    ...(action === undefined ? {} : { action }),
  });
  const path = `/api/v1/deliveries?${parameters.toString()}`;
  const answer = z.object({ deliveries: z.array(delivery), cursor: z.string().nullable() });
  const found = await openApi(values).ask({ method: "GET", path, answer });
  const lines = found.deliveries.map(textOf);
  const text = lines.length === 0 ? "there are none" : lines.join("\n");
  process.stdout.write(`${values.json ? JSON.stringify(found, null, 2) : text}\n`);
  return 0;
}

function textOf({ id, action, event, state, attempts, createdAt, error }: ShownDelivery): string {
  const why = error === null ? "" : `: ${error}`;
  const tries = `${attempts} ${attempts === 1 ? "try" : "tries"}`;
  return terminalText(`${id}  ${createdAt}  ${event} to ${action}, ${state} after ${tries}${why}`);
}
