/**
 * `node bench/verdict/run.ts`: how often our rule pages for nothing and misses an outage, beside the rules of others, on the
 * same simulated situations. Seeded: two runs print the same. `--write` puts the table and the plot into docs/.
 */
import { readFile, writeFile } from "node:fs/promises";
import { Random } from "../../test/fixtures/random.ts";
import { costs, lowerInBoth, type Cell } from "./cost.ts";
import { crosscheck } from "./ours.ts";
import { peers } from "./peers.ts";
import { plot } from "./plot.ts";
import { costTable, pageTable } from "./tables.ts";
import { percent, placesOf, Situation, truths } from "./truth.ts";

const seed = 20_261_122;
const placeCounts = [3, 5] as const;
const runs = 100_000;

const rules = [crosscheck, ...peers];
const runsACell = Math.ceil(runs / (truths.length * placeCounts.length));

/** One situation for all rules: what differs between them is the rule, not the luck. */
function simulate(): Cell[] {
  return placeCounts.flatMap((count) =>
    truths.map((truth, index) => {
      const places = placesOf(count);
      const pages = rules.map((rule, which) => {
        const random = new Random(seed + count * 1000 + index);
        let paged = 0;
        for (let run = 0; run < runsACell; run += 1) {
          const situation = new Situation(truth, places, new Random(random.whole(0, 2 ** 31) + which));
          if (rule.pages(situation, places, random)) paged += 1;
        }
        return paged / runsACell;
      });
      process.stderr.write(`${count} places: ${truth.name}\n`);
      return { truth, places: count, pages };
    }),
  );
}

const started = performance.now();
const cells = simulate();
const names = rules.map(({ name }) => name);
const seconds = Math.round((performance.now() - started) / 1000);
const swept = costs(cells, names);
const text = [pageTable(cells, names), costTable(swept, names)].join("\n\n");
process.stdout.write(
  `${runsACell * cells.length} runs of each rule, seed ${seed}, ${seconds} s\n\n${text}\n`,
);
for (const { name, places, noise } of lowerInBoth(swept, names)) {
  process.stderr.write(`LOWER IN BOTH: ${name}, ${places} places, path noise ${percent(noise)}\n`);
  process.exitCode = 1;
}

if (process.argv.includes("--write")) {
  const page = new URL("../../docs/verdict-simulation.md", import.meta.url);
  const before = await readFile(page, "utf8");
  const [head = ""] = before.split("<!-- simulated -->");
  await writeFile(page, `${head}<!-- simulated -->\n\n${text}\n`);
  await writeFile(new URL("../../docs/verdict-simulation.svg", import.meta.url), plot(swept, names));
}
