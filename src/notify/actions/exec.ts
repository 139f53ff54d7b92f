import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import type { Secret } from "../../model/secret.ts";
import { duration, secret, settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { eventText } from "../event-text.ts";
import { hideSecrets } from "../post.ts";
import { plainText } from "../text.ts";
import { runShell } from "./exec-shell.ts";
import type { Script, ShellResult } from "./exec-shell.ts";

/** Linux takes no variable of more than 128 KiB (MAX_ARG_STRLEN). */
const maxEventBytes = 120_000;
const maxQuotedLength = 200;
const entryForm = "write NAME=value, or a map of names and values";

/** Runs a shell script, in Postee's keys: docs/actions/exec.md. The configuration has it only with `--allow-exec`. */
export const exec = defineAction({
  name: "exec",
  kind: "effect",
  settings: settings({
    type: z.literal("exec"),
    ...actionKeys,
    timeout: duration
      .refine((ms) => ms > 0, "write a time above 0")
      .default(60_000)
      .describe("for the script to end"),
    "input-file": z.string().min(1).optional().describe("a file that /bin/sh runs"),
    "exec-script": z.string().min(1).optional().describe("a script that /bin/sh reads from its input"),
    env: z
      .union([
        z.array(secret.refine(({ reference }) => isEntry(reference), entryForm)),
        z.record(z.string().regex(/^[A-Za-z_]\w*$/, "a variable's name has letters, digits and '_'"), secret),
      ])
      .default([])
      .describe(
        "variables for the script: a list of `NAME=value`, or a map, whose values may be `$NAME` or `file:PATH`",
      ),
  }).refine(({ inputFile, execScript }) => (inputFile === undefined) !== (execScript === undefined), {
    path: ["exec-script"],
    error: "write either input-file or exec-script",
  }),
  async send(message, { env, inputFile, execScript = "", timeout }, { signal }) {
    const own = variablesOf(env);
    const script: Script = inputFile === undefined ? { text: execScript } : { file: inputFile };
    await using event = await eventVariables(eventText(message));
    const variables = { ...surroundings(), ...own, ...factsOf(message), ...event.variables };
    const run = { script, env: withoutNulls(variables), timeoutMs: timeout };
    const result = await runShell(run, signal).catch((error: unknown) => {
      // Whoever stops it is not to blame the script; it may have done half of its work when time is up.
      throw new DeliveryError("the script was not run to its end", {
        permanent: !signal.aborted,
        cause: error,
      });
    });
    if (result.code !== 0) throw failure(result, Object.values(own));
  },
});

function isEntry(text: string): boolean {
  return /^[^=\0]+=[^\0]*$/s.test(text) || /^(\$|file:)/.test(text);
}

function variablesOf(env: readonly Secret[] | Readonly<Record<string, Secret>>): Record<string, string> {
  if (!Array.isArray(env))
    return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.reference]));
  return Object.fromEntries(
    (env as readonly Secret[]).map(({ reference }) => {
      const [, name = "", value = ""] = /^([^=]+)=(.*)$/s.exec(reference) ?? [];
      if (name === "") throw new DeliveryError(`an entry of env: ${entryForm}`, { permanent: true });
      return [name, value];
    }),
  );
}

/** Nothing of the server's own environment, which holds its secrets. */
function surroundings(): Record<string, string> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: homedir(),
    LANG: "C.UTF-8",
  };
}

function factsOf({ id, event, incident, subject, route, firstLine }: Message): Record<string, string> {
  return {
    CROSSCHECK_DELIVERY: id,
    CROSSCHECK_EVENT: event,
    CROSSCHECK_INCIDENT: incident.id,
    CROSSCHECK_OUTCOME: incident.outcome ?? "",
    CROSSCHECK_ROUTE: route,
    CROSSCHECK_SUBJECT: subject,
    CROSSCHECK_FIRST_LINE: firstLine,
  };
}

/** An event that is too long for a variable is whole in a file, which is there while the script runs. */
async function eventVariables(
  event: string,
): Promise<AsyncDisposable & { readonly variables: Readonly<Record<string, string>> }> {
  const bytes = Buffer.from(event);
  if (bytes.length <= maxEventBytes)
    return { variables: { POSTEE_EVENT: event }, async [Symbol.asyncDispose]() {} };
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-exec-"));
  const file = join(folder, "event");
  await writeFile(file, bytes, { mode: 0o600 });
  // The decoder leaves out a character that was cut through, as it would wait for its rest.
  const cut = new TextDecoder().decode(bytes.subarray(0, maxEventBytes), { stream: true });
  return {
    variables: { POSTEE_EVENT: cut, POSTEE_EVENT_FILE: file },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** No variable can have one. */
function withoutNulls(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll("\0", "\ufffd")]),
  );
}

/** Permanent: nobody knows how much of its work was done, and doing it again may do harm. */
function failure({ code, signal, output }: ShellResult, secrets: readonly string[]): DeliveryError {
  const how = code === null ? `was ended by ${signal}` : `ended with status ${code}`;
  const said = hideSecrets(output, secrets).trim().slice(-maxQuotedLength);
  const printed = plainText(said, maxQuotedLength);
  return new DeliveryError(`the script ${how}${printed === "" ? "" : `: ${printed}`}`, { permanent: true });
}
