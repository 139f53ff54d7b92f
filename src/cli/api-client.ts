import { readFileSync } from "node:fs";
import * as z from "zod";
import { clientVariables } from "../config/load.ts";
import { deadline } from "../deadline.ts";
import { DeadlineError, describeError } from "../model/errors.ts";
import { UsageError } from "./usage.ts";

/** What a command that talks to a server takes, for `parseArgs`. */
export const apiOptions = { server: { type: "string" }, "token-file": { type: "string" } } as const;

export interface ApiValues {
  readonly server?: string | undefined;
  readonly "token-file"?: string | undefined;
}

export interface ApiQuestion<Answer> {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the server's URL, with its parameters: `/api/v1/mutes` */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** How its answer is read; of an answer without a body: of null. */
  readonly answer: z.ZodType<Answer>;
  /** How long the answer may take, in ms; default: 30 s. */
  readonly limitMs?: number;
}

/** The API of a running server (docs/http-api.md). */
export interface ApiClient {
  /** @throws Error with one line: nobody there, no token, or what the server says is wrong with the question */
  ask<Answer>(question: ApiQuestion<Answer>): Promise<Answer>;
}

const usualLimitMs = 30_000;
const usualServer = "http://127.0.0.1:8082";

/** `--server`, else CROSSCHECK_SERVER, else this machine; the token of `--token-file`, else CROSSCHECK_TOKEN, else none. */
export function openApi(values: ApiValues): ApiClient {
  const variables = clientVariables();
  const server = values.server ?? variables.server ?? usualServer;
  if (!isServerUrl(server)) {
    const said = values.server === undefined ? "CROSSCHECK_SERVER" : "--server";
    throw new UsageError(
      `${said} is not the URL of a server, such as ${usualServer}, without user and password`,
    );
  }
  const token = tokenOf(values["token-file"], variables.token);
  const base = server.replace(/\/+$/, "");
  return { ask: (question) => ask({ base, token }, question) };
}

interface Reach {
  readonly base: string;
  readonly token: string | undefined;
}

async function ask<Answer>({ base, token }: Reach, question: ApiQuestion<Answer>): Promise<Answer> {
  const { method, path, body, answer, limitMs = usualLimitMs } = question;
  using limit = deadline(new AbortController().signal, limitMs);
  const init: RequestInit = { method, redirect: "manual", signal: limit.signal };
  const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
  if (body !== undefined) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(body);
  }
  const { response, text } = await exchange(base, path, { ...init, headers });
  if (!response.ok) throw new Error(refusal(base, response, text));
  const read = answer.safeParse(jsonOf(text));
  if (!read.success)
    throw new Error(`${base} is no Crosscheck of this version: its answer to ${method} ${path} is another`);
  return read.data;
}

async function exchange(base: string, path: string, init: RequestInit) {
  try {
    const response = await fetch(base + path, init);
    return { response, text: await response.text() };
  } catch (error) {
    const why = error instanceof DeadlineError ? error.message : describeError(error);
    const hint = "is `crosscheck serve` running there? Name another with --server URL or CROSSCHECK_SERVER";
    throw new Error(`no answer from ${base} (${why}): ${hint}`, { cause: error });
  }
}

/** Problem details say what and what to do; anything else is no Crosscheck, or a proxy before it. */
function refusal(base: string, { status }: Response, text: string): string {
  const said = problemDetails.safeParse(jsonOf(text));
  const detail = said.success ? said.data.detail : "is this a Crosscheck?";
  const hint = status === 401 ? ": name a file with one of server.api-tokens by --token-file" : "";
  return `${base} answered ${status}: ${detail}${hint}`;
}

const problemDetails = z.object({ detail: z.string() });

function jsonOf(text: string): unknown {
  try {
    return text === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

function tokenOf(path: string | undefined, variable: string | undefined): string | undefined {
  const token = path === undefined ? variable : readToken(path);
  // What cannot stand in a header is no token, and the error that says so would show it.
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  const said = path === undefined ? "CROSSCHECK_TOKEN" : `--token-file: ${path}`;
  throw new Error(`${said} does not hold a token: one word of printable ASCII characters`);
}

function readToken(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Error(`--token-file: ${describeError(error)}`, { cause: error });
  }
}
