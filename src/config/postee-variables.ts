/** What Postee's variables ask for. */
export interface PosteeSettings {
  /** Path of the configuration. */
  readonly config: string | undefined;
  /** HOST:PORT, not checked yet, and the variable that says so. */
  readonly listen: { readonly text: string; readonly variable: string } | undefined;
  /** About variables that have no effect here. */
  readonly warnings: readonly string[];
}

type Variables = Readonly<Record<string, string | undefined>>;

const tls = "Crosscheck speaks plain HTTP: put a proxy with TLS in front of it";
const idle: Readonly<Record<string, string>> = {
  POSTEE_HTTPS: tls,
  AQUAALERT_TLS: tls,
  AQUAALERT_CERT_PEM: tls,
  AQUAALERT_KEY_PEM: tls,
  PATH_TO_DB: "name the database with --data or --database",
  POSTEE_DEBUG: "the log has no levels",
  AQUAALERT_DEBUG: "the log has no levels",
};

/** Reads the variables that Postee reads; of two names of one setting the newer wins, as it does there. */
export function posteeVariables(variables: Variables): PosteeSettings {
  const first = (...names: readonly string[]) => names.find((name) => (variables[name] ?? "") !== "");
  const config = first("POSTEE_CFG", "AQUAALERT_CFG");
  const listen = first("POSTEE_HTTP", "AQUAALERT_URL");
  return {
    config: config === undefined ? undefined : variables[config],
    listen: listen === undefined ? undefined : { variable: listen, text: withHost(variables[listen] ?? "") },
    warnings: Object.entries(idle).flatMap(([name, why]) =>
      first(name) === undefined ? [] : [`${name} has no effect: ${why}`],
    ),
  };
}

/** Go, in which Postee is written, takes `:8082` for every address of the machine. */
function withHost(text: string): string {
  return text.startsWith(":") ? `0.0.0.0${text}` : text;
}
