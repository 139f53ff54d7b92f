import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import { settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { messageText } from "../message-text.ts";

/** Prints messages, for trying things out and for those who collect the output of their processes. */
export const stdout = defineAction({
  name: "stdout",
  kind: "message",
  settings: settings({ type: z.literal("stdout"), ...actionKeys }),
  send: (message) =>
    new Promise<void>((resolve, reject) => {
      // Without a listener a closed pipe would end the process; what went wrong comes to the callback as well.
      process.stdout.off("error", ignore).on("error", ignore);
      process.stdout.write(`${messageText(message)}\n\n`, (error) => {
        if (error) reject(new DeliveryError("could not print", { permanent: false, cause: error }));
        else resolve();
      });
    }),
});

function ignore(): void {}
