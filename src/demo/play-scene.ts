import { setTimeout as sleep } from "node:timers/promises";
import { readIncident, readMessages, sendPage, setFault } from "./client.ts";
import type { DemoIncident } from "./client.ts";
import type { ToldMessage } from "./inbox.ts";
import { locations } from "./scenes.ts";
import type { Pager, Scene } from "./scenes.ts";
import { bad, margin, seconds } from "./screen.ts";
import type { Screen } from "./screen.ts";
import { showMessage, showPager, showScene, showVerdict } from "./show-scene.ts";
import type { World } from "./world.ts";

/** Where a scene is played, and watched. */
export interface Stage {
  readonly world: World;
  readonly screen: Screen;
}

/** What came of a scene. */
export interface Result {
  readonly scene: Scene;
  /** The verdict's outcome, or that there is none. */
  readonly outcome: string;
  readonly pager: Pager;
  /** What is not as expected, in words. */
  readonly faults: readonly string[];
}

const tickMs = 100;
const tellLimitMs = 10_000;
const recoveryLimitMs = 20_000;

/** Breaks what the scene says, sends the page, and shows what Crosscheck makes of it. */
export async function playScene(scene: Scene, number: number, stage: Stage): Promise<Result> {
  const { world, screen } = stage;
  showScene(scene, number, screen);
  if (scene.fault !== undefined) await setFault(world, scene.page, scene.fault);
  if (scene.killed !== undefined) await world.agents.get(scene.killed)?.kill();
  const incident = await page(scene, stage);
  const [run] = incident?.runs ?? [];
  const verdict = run?.verdict ?? null;
  if (incident === undefined || run === undefined || verdict === null) return noVerdict(scene, screen);
  showVerdict(verdict, run.observations, screen);
  const told = await toldAbout(scene, incident.id, stage);
  const pager = told.some(({ to }) => to === "pager") ? "rang" : "spared";
  showMessage(told, screen);
  showPager(pager, screen);
  const recovered = scene.mended === undefined || (await mend(scene, { id: incident.id, told }, stage));
  const { outcome } = verdict;
  return { scene, outcome, pager, faults: faultsOf(scene, { outcome, pager, recovered }) };
}

/** Pages Crosscheck, and waits for the verdict. */
async function page(scene: Scene, stage: Stage): Promise<DemoIncident | undefined> {
  const { world, screen } = stage;
  const alert = { ServiceURL: { URL: urlOf(scene, stage), Reachable: "false" } };
  screen.print(`${margin}A page comes in: ${JSON.stringify(alert)}`);
  const started = performance.now();
  const progress = () => {
    const visits = visitsOf(scene, stage);
    return `${seconds(performance.now() - started)}; requests that reached the site: ${visits || "none"}`;
  };
  const incident = await whileShowing(sendPage(world, alert), progress, stage);
  screen.print(`${margin}After ${progress()}.`);
  return incident;
}

function urlOf({ page }: Scene, { world }: Stage): string {
  return world.site.url + page;
}

function noVerdict(scene: Scene, screen: Screen): Result {
  screen.print(`${margin}${bad("no verdict")}`);
  screen.print();
  return { scene, outcome: "no verdict", pager: "spared", faults: ["there is no verdict"] };
}

/** `eu 3, apac 4, na 3`: how often the site was asked for the page, and from where. */
function visitsOf({ page }: Scene, { world }: Stage): string {
  const counts = locations.map((name) => {
    const line = `${page} is asked for by ${name}`;
    return { name, count: world.site.lines.filter((seen) => seen === line).length };
  });
  return counts.flatMap(({ name, count }) => (count === 0 ? [] : `${name} ${count}`)).join(", ");
}

/** Shows how it goes until the work is done. */
async function whileShowing<T>(work: Promise<T>, text: () => string, { screen }: Stage): Promise<T> {
  const timer = setInterval(() => {
    screen.progress(`${margin}${text()}`);
  }, tickMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** What everybody was told about the scene's page, once nothing is left to deliver. */
async function toldAbout(scene: Scene, id: string, stage: Stage): Promise<ToldMessage[]> {
  await until(isTold, { id, limitMs: tellLimitMs }, stage);
  return readMessages(stage.world, urlOf(scene, stage));
}

function isTold({ deliveries }: DemoIncident): boolean {
  return deliveries.every(({ state }) => state !== "pending");
}

/** Mends the page, and says whether recovery was told. */
async function mend(
  scene: Scene,
  before: { readonly id: string; readonly told: readonly ToldMessage[] },
  stage: Stage,
): Promise<boolean> {
  const { world, screen } = stage;
  await setFault(world, scene.page, null);
  const started = performance.now();
  const took = () => seconds(performance.now() - started);
  screen.print(`${margin}The site is mended.`);
  const closed = until(({ state }) => state === "closed", { id: before.id, limitMs: recoveryLimitMs }, stage);
  const over = await whileShowing(closed, () => `Crosscheck looks again: ${took()}`, stage);
  const told = await toldAbout(scene, before.id, stage);
  const news = told.slice(before.told.length);
  const pagerHeard = news.some(({ to }) => to === "pager");
  if (over) screen.print(`${margin}Crosscheck looked until it was sure, for ${took()}.`);
  screen.print();
  showMessage(news, screen);
  screen.print(`${margin}pager: ${pagerHeard ? "told that it is over" : bad("not told that it is over")}`);
  screen.print();
  return over && pagerHeard && news.some(({ to }) => to === "chat");
}

/** Whether the incident got there in time. */
async function until(
  there: (incident: DemoIncident) => boolean,
  { id, limitMs }: { readonly id: string; readonly limitMs: number },
  { world }: Stage,
): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (there(await readIncident(world, id))) return true;
    await sleep(tickMs, undefined, { signal: world.signal });
  }
  return false;
}

function faultsOf(
  { expected }: Scene,
  came: { readonly outcome: string; readonly pager: Pager; readonly recovered: boolean },
): string[] {
  const { outcome, pager, recovered } = came;
  const did = { rang: "rang", spared: "was spared" };
  return [
    ...(outcome === expected.outcome ? [] : [`the verdict is ${outcome} instead of ${expected.outcome}`]),
    ...(pager === expected.pager ? [] : [`the pager ${did[pager]}`]),
    ...(recovered ? [] : ["recovery was not told to everybody"]),
  ];
}
