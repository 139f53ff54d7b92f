import { UsageError, usageText } from "./cli/usage.ts";
import { ConfigError, describeError } from "./model/errors.ts";
import { version } from "./model/version.ts";

/** A command takes its arguments and gives the exit code. */
type Command = (args: string[]) => Promise<number>;

/** Loaded when it is asked for: an agent has no use for a database driver. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./cli/serve.ts")).serve,
  "config check": async () => (await import("./cli/config-check.ts")).configCheck,
  agent: async () => (await import("./cli/agent.ts")).agent,
  route: async () => (await import("./cli/route.ts")).route,
  check: async () => (await import("./cli/check.ts")).check,
  test: async () => (await import("./cli/test.ts")).test,
  mute: async () => (await import("./cli/mute.ts")).beginMute,
  "mute list": async () => (await import("./cli/mute.ts")).listMutes,
  "mute end": async () => (await import("./cli/mute.ts")).endMute,
  mark: async () => (await import("./cli/mark.ts")).mark,
  deliveries: async () => (await import("./cli/deliveries.ts")).deliveries,
  retry: async () => (await import("./cli/retry.ts")).retry,
  report: async () => (await import("./cli/report.ts")).report,
  backup: async () => (await import("./cli/backup.ts")).backup,
  doctor: async () => (await import("./cli/doctor.ts")).doctor,
  demo: async () => (await import("./cli/demo.ts")).demo,
};

const usageCode = 2;

/** Finds the command (one or two words), runs it, and turns what it throws into one clear line. */
async function main(args: readonly string[]): Promise<number> {
  const [first = "", second = ""] = args;
  if (["--version", "-v", "version"].includes(first)) {
    process.stdout.write(`crosscheck ${version}\n`);
    return 0;
  }
  if (["", "--help", "-h", "help"].includes(first)) {
    process.stdout.write(usageText());
    return first === "" ? usageCode : 0;
  }
  const two = commands[`${first} ${second}`];
  const load = two ?? commands[first];
  if (load === undefined) {
    process.stderr.write(`crosscheck: there is no command ${JSON.stringify(first)}\n\n${usageText()}`);
    return usageCode;
  }
  const command = await load();
  return command(args.slice(two === undefined ? 1 : 2));
}

function explain(error: unknown): number {
  const lines =
    error instanceof ConfigError ? error.faults.join("\n") : `crosscheck: ${describeError(error)}`;
  process.stderr.write(`${lines}\n`);
  return error instanceof UsageError || isParseError(error) ? usageCode : 1;
}

/** What node:util says of options that it does not know. */
function isParseError(error: unknown): boolean {
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
