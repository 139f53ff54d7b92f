import { parseArgs } from "node:util";
import { loadConfig } from "../config/load.ts";
import { newDelivery } from "../model/delivery.ts";
import { describeError } from "../model/errors.ts";
import { revealSecrets } from "../model/secret.ts";
import { actionTypeByName } from "../notify/actions/index.ts";
import { sendDelivery } from "../notify/deliver.ts";
import { composeMessage } from "../notify/message.ts";
import { newIncident } from "../model/incident.ts";
import { findConfig } from "./config-file.ts";

/** `crosscheck test ACTION`: a real message, marked [TEST]; exit 1 if the receiver does not take it. */
export async function test(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { config: { type: "string" } },
  });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) {
    process.stderr.write("usage: crosscheck test ACTION [--config FILE]\n");
    return 2;
  }
  const path = findConfig(values.config);
  const { config } = await loadConfig(path, { secrets: "required" });
  const settings = config.actions.get(name);
  const type = settings === undefined ? undefined : actionTypeByName.get(settings.type);
  if (settings === undefined || type === undefined) {
    const names = [...config.actions.keys()].join(", ");
    throw new Error(
      `${path} has no action called ${JSON.stringify(name)} that is switched on; there are ${names}`,
    );
  }
  try {
    const message = testMessage(name, config.server.publicUrl);
    const { signal } = new AbortController();
    const revealed = revealSecrets(settings, config.secretSource);
    await sendDelivery(type, revealed, message, { signal, thread: null });
  } catch (error) {
    process.stderr.write(`${name} did not take the message: ${describeError(error)}\n`);
    return 1;
  }
  process.stderr.write(`${name} took the message\n`);
  return 0;
}

function testMessage(action: string, publicUrl: string | null) {
  const now = Date.now();
  const incident = newIncident({ route: "test", subject: `action ${action}`, now });
  const delivery = newDelivery({ incidentId: incident.id, action, event: "test", alertId: null, now });
  return composeMessage({
    delivery,
    incident,
    run: null,
    verdict: null,
    observations: [],
    alert: null,
    rendered: null,
    gathered: null,
    plan: null,
    contrasts: [],
    inEarnest: null,
    publicUrl,
    now,
  });
}
