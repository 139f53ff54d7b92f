import { setTimeout as sleep } from "node:timers/promises";
import { playScene } from "./play-scene.ts";
import type { Result } from "./play-scene.ts";
import type { Scene } from "./scenes.ts";
import { bad, bold, columns, good, margin, seconds } from "./screen.ts";
import type { Screen } from "./screen.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

/** How long it may take until a process that ended is known to have; those who talk to it notice first. */
const graceMs = 250;

/**
 * Plays the scenes one after the other, and says whether each came out as expected.
 * @throws the signal's reason when it is aborted; an Error with its last words when a process of the demo ends by itself.
 */
export async function playDemo(
  scenes: readonly Scene[],
  screen: Screen,
  signal: AbortSignal,
): Promise<boolean> {
  const started = performance.now();
  screen.print(bold("Crosscheck confirms a page from several places before it wakes anyone."));
  screen.print("Here it does so on this machine; every line below is a process of its own.");
  screen.print();
  screen.progress(`${margin}starting …`);
  await using world = await openWorld(signal);
  const results: Result[] = [];
  try {
    showWorld(world, screen);
    for (const [index, scene] of scenes.entries())
      results.push(await playScene(scene, index + 1, { world, screen }));
  } catch (error) {
    await sleep(graceMs);
    throw world.signal.aborted ? world.signal.reason : error;
  }
  showResults(results, performance.now() - started, screen);
  return results.every(({ faults }) => faults.length === 0);
}

function showWorld({ server, site, receiver, agents }: World, screen: Screen): void {
  const rows = [
    { name: "server", child: server, what: "crosscheck serve: takes pages, asks the agents, tells people" },
    ...[...agents].map(([name, child]) => ({ name, child, what: "crosscheck agent: a location that looks" })),
    { name: "site", child: site, what: "what the pages are about" },
    { name: "receiver", child: receiver, what: "stands for the chat (as Slack does) and the pager" },
  ].map(({ name, child, what }) => [name, child.url, `pid ${child.pid}`, what]);
  for (const line of columns(rows)) screen.print(`${margin}${line}`);
  screen.print();
}

function showResults(results: readonly Result[], tookMs: number, screen: Screen): void {
  const rows = results.map(({ scene, outcome, pager, faults }, index) => [
    `${index + 1}. ${scene.title}`,
    outcome,
    `pager: ${pager}`,
    faults.length === 0 ? "ok" : `NOT OK: ${faults.join("; ")}`,
  ]);
  for (const [index, line] of columns(rows).entries())
    screen.print((results[index]?.faults.length === 0 ? good : bad)(line));
  screen.print();
  const right = results.filter(({ faults }) => faults.length === 0).length;
  screen.print(bold(`${right} of ${results.length} scenes as expected, in ${seconds(tookMs)}.`));
  screen.print("What to do next: README.md, and examples/confirm-page for a configuration of your own.");
}
