import { once } from "node:events";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { askControls } from "../../check/controls.ts";
import { askDns } from "../../check/dns/ask.ts";
import { parseServer } from "../../check/dns/dns-server.ts";
import { configured } from "../../check/resolve.ts";
import { describeError } from "../../model/errors.ts";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Examination } from "./diagnosis.ts";
import type { Receiver } from "./receivers.ts";

/** Whether those who are to be told can be reached: a connection, and nothing is said over it. */
export function examineReceiver({ host, port, tls, names }: Receiver): Examination {
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const about = `receiver ${place}`;
  return {
    about,
    examine: async (signal) => {
      const whose = names.join(", ");
      try {
        await connectOnce({ host, port, tls }, signal);
        return [ok(about, `takes connections, for ${whose}`)];
      } catch (error) {
        const why = signal.aborted ? "no answer" : describeError(error);
        return [fail(about, `${whose} cannot be told: ${why}`, "see that this machine may connect to it")];
      }
    },
  };
}

async function connectOnce(
  { host, port, tls }: Pick<Receiver, "host" | "port" | "tls">,
  signal: AbortSignal,
): Promise<void> {
  // An address is no name for SNI (RFC 6066): the certificate is held against it all the same.
  const named = isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket = tls ? connectTls({ host, port, ...named }) : connect({ host, port });
  socket.on("error", () => undefined);
  try {
    await once(socket, tls ? "secureConnect" : "connect", { signal });
  } finally {
    socket.destroy();
  }
}

/** Whether a control has an answer, whatever it is. */
export function examineControl(url: string): Examination {
  const about = `control ${new URL(url).host}`;
  return {
    about,
    examine: async (signal) => {
      const { results, all } = askControls([url], { samples: 1, network: { target: configured } }, signal);
      await all;
      const [result] = results;
      if (result?.reached === true) return [ok(about, `answers, in ${Math.round(result.durationMs)} ms`)];
      const why = result?.message ?? "no answer";
      const advice = "with most of them away no failure counts: list others under controls:";
      return [warn(about, `cannot be reached from here: ${why}`, advice)];
    },
  };
}

/** Whether a resolver answers about a name that is reserved for such questions (RFC 2606). */
export function examineResolver(text: string): Examination {
  const about = `resolver ${text}`;
  return {
    about,
    examine: async (signal) => {
      const advice =
        "a name that this machine's own resolver does not know is nobody's word then: list others";
      const server = parseServer(text);
      if (server === undefined) return [fail(about, "is no address", "write ADDRESS or ADDRESS:PORT")];
      try {
        const { rcode } = await askDns(server, { name: "example.com", type: "A" }, signal);
        if (rcode === "NOERROR" || rcode === "NXDOMAIN") return [ok(about, "answers")];
        return [warn(about, `answers ${rcode}`, advice)];
      } catch (error) {
        return [warn(about, describeError(error), advice)];
      }
    },
  };
}
