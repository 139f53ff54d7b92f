import * as z from "zod";
import { secret } from "../model/settings.ts";

/** The settings of every source for what its sender shows. */
export const senderTokens = {
  token: secret.optional().describe("what this sender shows instead of one of `server.ingest-tokens`"),
  tokens: z
    .array(secret)
    .min(1)
    .optional()
    .describe("the same, where there are several: the old one and the new while it is being changed"),
};
