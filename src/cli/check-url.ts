import { UsageError } from "./usage.ts";

const forms =
  "http(s)://…, tcp://HOST:PORT, tls://HOST[:PORT], dns:NAME?type=MX or dns://RESOLVER/NAME, grpc(s)://HOST:PORT[/SERVICE], ws(s)://…";

/**
 * The check that a URL stands for, as the configuration would write it. `dns:` is as in RFC 4501; `grpcs` and `wss` speak
 * over TLS.
 * @throws UsageError for a URL of another kind.
 */
export function checkOfUrl(text: string): Readonly<Record<string, unknown>> {
  if (!URL.canParse(text)) throw new UsageError(`"${text}" is not a URL: write ${forms}`);
  const url = new URL(text);
  const name = "check";
  switch (url.protocol) {
    case "http:":
    case "https:":
      return { name, type: "http", url: text };
    case "ws:":
    case "wss:":
      return { name, type: "websocket", url: text };
    case "tcp:":
      return { name, type: "tcp", ...hostAndPort(withPort(url)) };
    case "tls:":
      return { name, type: "tls", ...hostAndPort(url) };
    case "grpc:":
    case "grpcs:":
      return {
        name,
        type: "grpc",
        tls: url.protocol === "grpcs:",
        service: url.pathname.slice(1),
        ...hostAndPort(withPort(url)),
      };
    case "dns:":
      return { name, type: "dns", ...question(url) };
    default:
      throw new UsageError(`"${text}" is of a kind that cannot be checked: write ${forms}`);
  }
}

function withPort(url: URL): URL {
  if (url.port === "") throw new UsageError(`"${url.href}" does not say which port: write ${forms}`);
  return url;
}

function hostAndPort({ hostname, port }: URL): { readonly host: string; readonly port?: number } {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return port === "" ? { host } : { host, port: Number(port) };
}

function question({ host, pathname, searchParams }: URL) {
  const type = searchParams.get("type");
  return {
    query: pathname.replace(/^\//, ""),
    ...(host === "" ? {} : { resolver: host }),
    ...(type === null ? {} : { "record-type": type.toUpperCase() }),
  };
}
