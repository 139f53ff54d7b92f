/** What `crosscheck --help` prints. */
export function usageText(): string {
  return `Crosscheck confirms a page from several places before it wakes anyone.

  crosscheck serve         [--config FILE] [--listen HOST:PORT] [--data DIR] [--database URL] [--lenient | --strict-start] [--allow-exec]
  crosscheck config check  FILE [--json] [--lenient]
  crosscheck route         FILE --alert alert.json [--source NAME | --route NAME] [--lenient] [--json]
  crosscheck check         URL | --config FILE --check NAME [--from eu,na] [--json]
  crosscheck test          ACTION [--config FILE]
  crosscheck mute          --subject S | --route R --for 2h --reason TEXT [--server URL] [--token-file FILE]
  crosscheck mute list     [--json] [--server URL] [--token-file FILE]
  crosscheck mute end      ID [--server URL] [--token-file FILE]
  crosscheck mark          INCIDENT --real | --not-real | --clear [--server URL] [--token-file FILE]
  crosscheck deliveries    [--state dead] [--action A] [--limit N] [--json] [--server URL] [--token-file FILE]
  crosscheck retry         ID… | --action A | --all  [--since 6h] [--server URL] [--token-file FILE]
  crosscheck report        [--since 7d] [--json] [--server URL [--token-file FILE] | --config FILE | --data DIR | --database URL]
  crosscheck backup        --out FILE [--data DIR | --config FILE] [--force]
  crosscheck doctor        [--config FILE] [--data DIR] [--database URL] [--listen HOST:PORT] [--json]
  crosscheck agent         --listen HOST:PORT --token-file FILE
  crosscheck demo          the whole story on this machine
  crosscheck --version

Without --config: crosscheck.yaml, then cfg.yaml, in the working directory. --database takes '$NAME' and file:PATH for a URL.
Exit codes: 0 good, 1 a fault or a failing check, 2 usage, 3 could not tell.
`;
}

/** What was asked for cannot be understood: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
