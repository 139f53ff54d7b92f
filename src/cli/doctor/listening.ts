import { once } from "node:events";
import { createServer } from "node:net";
import * as z from "zod";
import { formatAddress } from "../../config/values.ts";
import type { Address } from "../../config/values.ts";
import { describeError } from "../../model/errors.ts";
import { ask } from "./ask.ts";
import type { Answer } from "./ask.ts";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Diagnosis, Examination } from "./diagnosis.ts";

const about = "port";
/** What `/ping` says: docs/http-api.md. */
const greeting = "Crosscheck alive!";

/** Whether a server could listen there, or one does. */
export function examinePort(listen: Address, { tls }: { readonly tls: boolean }): Examination {
  return {
    about,
    examine: async (signal) => {
      if (await isFree(listen)) return [ok(about, `${formatAddress(listen)} is free: no server runs there`)];
      const base = `${tls ? "https" : "http"}://${formatAddress({ ...listen, host: hostToAsk(listen.host) })}`;
      const at = (path: string) =>
        ask(new URL(path, base), { signal, trusting: true }).catch((error: unknown) => describeError(error));
      const [ping, healthz, readyz] = await Promise.all([at("/ping"), at("/healthz"), at("/readyz")]);
      return judgeAnswers(formatAddress(listen), { ping, healthz, readyz });
    },
  };
}

/** Nobody is called at the address that stands for all. */
function hostToAsk(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

async function isFree({ host, port }: Address): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return false;
    const says = code === "EACCES" ? "this user may not listen on it" : describeError(error);
    throw new Error(`${host}:${port}: ${says}: listen on another port or address`, { cause: error });
  } finally {
    server.close();
  }
}

interface Answers {
  /** A text: why there was none. */
  readonly ping: Answer | string;
  readonly healthz: Answer | string;
  readonly readyz: Answer | string;
}

const ready = z.object({ database: z.string().optional() });
const problem = z.object({ detail: z.string() });

/** Pure. */
export function judgeAnswers(where: string, { ping, healthz, readyz }: Answers): Diagnosis[] {
  if (typeof ping === "string" || ping.text !== greeting)
    return [
      fail(
        about,
        `something else than Crosscheck listens on ${where}${typeof ping === "string" ? ` (${ping})` : ""}`,
        "end it, or listen on another port",
      ),
    ];
  if (typeof healthz === "string" || healthz.status !== 200)
    return [
      fail(about, `the Crosscheck on ${where} does not answer /healthz`, "see its log, and start it again"),
    ];
  if (typeof readyz === "string")
    return [fail(about, `the Crosscheck on ${where} does not answer /readyz: ${readyz}`, "see its log")];
  const said = jsonOf(readyz.text);
  if (readyz.status !== 200) {
    const detail = problem.safeParse(said).data?.detail ?? `it answers ${readyz.status}`;
    return [fail(about, `the Crosscheck on ${where} is not ready: ${detail}`, "see its log")];
  }
  if (ready.safeParse(said).data?.database !== undefined)
    return [
      warn(
        about,
        `the database of the Crosscheck on ${where} is away`,
        "bring it back: alerts wait in the spool, or are told unchecked to server.emergency",
      ),
    ];
  return [ok(about, `Crosscheck listens on ${where} and is ready`)];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether people reach this server where messages say it is. */
export function examinePublicUrl(url: string): Examination {
  const about = "public-url";
  return {
    about,
    examine: async (signal) => {
      const { origin } = new URL(url);
      const advice = "see that people reach it: links in messages lead there";
      try {
        const { text, status } = await ask(new URL(`${url.replace(/\/+$/, "")}/ping`), { signal });
        if (text === greeting) return [ok(about, `${origin} is a Crosscheck`)];
        return [warn(about, `${origin} answers ${status}, which is no Crosscheck's answer`, advice)];
      } catch (error) {
        return [warn(about, `${origin} does not answer from here: ${describeError(error)}`, advice)];
      }
    },
  };
}
