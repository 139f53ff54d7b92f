import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Children } from "./children.ts";
import type { Child } from "./children.ts";
import { demoConfig, tokenFile } from "./config.ts";
import { locations } from "./scenes.ts";

/** A server, its agents, the site that they look at and those who are told, each a process of its own. */
export interface World extends AsyncDisposable {
  readonly server: Child;
  readonly site: Child;
  readonly receiver: Child;
  /** By location. */
  readonly agents: ReadonlyMap<string, Child>;
  /** Aborts when the demo is to end, or a process of it has ended by itself. */
  readonly signal: AbortSignal;
}

const program = new URL("../../bin/crosscheck.js", import.meta.url);
// tsc does not rewrite these names: .ts in the source, .js in dist, as this file's own.
const extension = import.meta.url.slice(-3);
const siteScript = new URL(`./site-process${extension}`, import.meta.url);
const receiverScript = new URL(`./receiver-process${extension}`, import.meta.url);

/** Starts them all, in a temporary folder. Disposing it ends the processes and removes the folder. */
export async function openWorld(parent: AbortSignal): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-demo-"));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  parts.defer(remove);
  const children = parts.use(new Children(folder, parent));
  const atExit = () => {
    children.killAll();
    remove();
  };
  // For an end that runs no disposal: a second Ctrl-C, a closed pipe.
  process.on("exit", atExit);
  parts.defer(() => void process.off("exit", atExit));
  try {
    const started = await startAll(children, folder);
    const opened = parts.move();
    return { ...started, signal: children.signal, [Symbol.asyncDispose]: () => opened.disposeAsync() };
  } catch (error) {
    throw children.signal.aborted ? children.signal.reason : error;
  }
}

async function startAll(children: Children, folder: string) {
  writeFileSync(join(folder, tokenFile), randomBytes(24).toString("base64url"), { mode: 0o600 });
  const agentArgs = ["agent", "--listen", "127.0.0.1:0", "--token-file", tokenFile];
  const [site, receiver, ...agents] = await Promise.all([
    children.start({ name: "the site", script: siteScript, args: [] }),
    children.start({ name: "the receiver", script: receiverScript, args: [] }),
    ...locations.map(async (name) => {
      const agent = await children.start({ name: `the agent ${name}`, script: program, args: agentArgs });
      return { name, agent };
    }),
  ]);
  const places = agents.map(({ name, agent }) => ({ name, url: agent.url }));
  writeFileSync(join(folder, "crosscheck.yaml"), demoConfig({ agents: places, receiver: receiver.url }));
  const server = await children.start({
    name: "the server",
    script: program,
    args: ["serve", "--config", "crosscheck.yaml", "--listen", "127.0.0.1:0", "--data", "data"],
  });
  return { server, site, receiver, agents: new Map(agents.map(({ name, agent }) => [name, agent])) };
}
