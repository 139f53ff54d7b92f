import { observationTable } from "../cli/table.ts";
import type { Observation } from "../model/observation.ts";
import type { Verdict } from "../model/verdict.ts";
import { slackText } from "./inbox.ts";
import type { ToldMessage } from "./inbox.ts";
import type { Pager, Scene } from "./scenes.ts";
import { bad, bold, dim, good, indented, margin, wrapped } from "./screen.ts";
import type { Screen } from "./screen.ts";

export function showScene(scene: Scene, number: number, screen: Screen): void {
  screen.print(bold(`${number}. ${scene.title}`));
  screen.print(`${margin}${scene.story}`);
}

/** The verdict, and what each location saw in the last look. */
export function showVerdict(
  verdict: Verdict,
  observations: readonly (Observation & { readonly look: number })[],
  screen: Screen,
): void {
  const paint = verdict.outcome === "not-reproduced" ? good : bad;
  const last = observations.filter(({ look }) => look === verdict.looks);
  screen.print();
  screen.print(`${margin}verdict: ${bold(paint(verdict.outcome))} (${verdict.headline})`);
  screen.print();
  screen.print(
    indented(
      observationTable(fitted(last, screen.columns - margin.length), { colour: screen.colour }),
      margin,
    ),
  );
  screen.print();
}

const leastRoom = 20;

/** With messages cut so that the table, which ends with them, has lines of at most `width`; the chat has them whole. */
function fitted(observations: readonly Observation[], width: number): Observation[] {
  const before = observationTable(observations, { colour: false }).indexOf("what");
  const room = Math.max(leastRoom, width - before);
  return observations.map((observation) => {
    const { message } = observation;
    return message.length <= room
      ? observation
      : { ...observation, message: `${message.slice(0, room - 1)}…` };
  });
}

/** The last message in the chat, as its readers see it. */
export function showMessage(told: readonly ToldMessage[], screen: Screen): void {
  const message = told.findLast(({ to }) => to === "chat");
  const bar = `${margin}${dim("│")} `;
  const text = message === undefined ? "(none)" : slackText(message.body);
  screen.print(`${margin}The message in the chat:`);
  screen.print(indented(wrapped(text, screen.columns - margin.length - 2), bar));
}

export function showPager(pager: Pager, screen: Screen): void {
  const words = { rang: bold(bad("rang")), spared: `${bold(good("spared"))}, nobody is woken` };
  screen.print(`${margin}pager: ${words[pager]}`);
  screen.print();
}
