import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { endHold } from "../../src/steps/hold.ts";
import { routeInbox } from "../../src/steps/route.ts";
import type { Alert } from "../../src/model/alert.ts";
import type { Database, Statement, Value } from "../../src/store/database.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startSteps, type Steps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, startWorld } from "../fixtures/world.ts";

/** More calls than it takes to route an alert with all its second tries. */
const long = 30;

const forRouting = (steps: Steps) => () => routeInbox(steps.context, AbortSignal.timeout(60_000));
const forHold = (steps: Steps, alert: Alert) => () => endHold(steps.context, alert.id);

suite("a database that fails while an alert is routed", { concurrency: 2 }, () => {
  const cases = [
    { title: "a fresh alert, routed", agoMs: 0, step: forRouting },
    { title: "a fresh alert, at the end of its hold", agoMs: 0, step: forHold },
    { title: "an alert that has waited for a minute, routed", agoMs: 60_000, step: forRouting },
    { title: "an alert that has waited for a minute, at the end of its hold", agoMs: 60_000, step: forHold },
  ];
  for (const { title, agoMs, step } of cases) {
    test(`${title}: it stays in the inbox, and its route takes it once the database answers`, async () => {
      await using world = await startWorld(["eu", "na"]);
      await using database = await freshSqlite();
      await using opened = await database.open();
      const moody = new MoodyDatabase(opened);
      await using steps = await startSteps({ config: configIn(world), database: moody });

      const lost: string[] = [];
      for (const failures of [1, 2, 3, long]) {
        for (let first = 0; first < 8; first += 1) {
          const alert = await steps.receive({ url: `http://${failures}-${first}.example` }, { agoMs });
          moody.fail({ after: first, times: failures });
          await untilItWorks(step(steps, alert), () => moody.fail({ times: 0 }));
          moody.fail({ times: 0 });
          const routes = await takenBy(opened, alert);
          if (routes.join() !== "page")
            lost.push(`${failures} calls fail after ${first} good ones: taken by ${routes.join()}`);
        }
      }
      assert.deepEqual(lost, []);
    });
  }

  test("served as a server does: routed, checked and told to whom the route says", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using database = await freshSqlite();
    await using opened = await database.open();
    const moody = new MoodyDatabase(opened);
    await using steps = await startSteps({ config: configIn(world), database: moody });
    world.site.set("/down", "down");
    await steps.receive({ url: world.site.page("/down") });
    // With others, alone, and the same once more after a pause.
    moody.fail({ times: 4, only: /set routed_at/ });
    await steps.workUntil(() => world.receiver.hears("/oncall", world.site.page("/down")));
    assert.ok(steps.complaints.some((line) => /^job-failed .*"inbox".*the database is away/.test(line)));
    assert.deepEqual(world.receiver.told("/ops", world.site.page("/down")), []);
  });
});

/** Tries again, as the worker does; after a few times the database is back. */
async function untilItWorks(step: () => Promise<void>, answerAgain: () => void): Promise<void> {
  let tries = 0;
  await until("the step to get through", async () => {
    tries += 1;
    if (tries > 3) answerAgain();
    await step();
    return true;
  });
}

/** The routes of the incidents that an alert has joined. */
async function takenBy(database: Database, alert: Alert): Promise<string[]> {
  const rows = await database.read<{ route: string }>(
    `select route from incidents join incident_alerts on incident_id = incidents.id where alert_id = $1`,
    [alert.id],
  );
  return rows.map(({ route }) => route);
}

interface Mood {
  /** So many calls go well first; default none. */
  readonly after?: number;
  /** Then so many fail. */
  readonly times: number;
  /** Which calls, by their SQL; default all. */
  readonly only?: RegExp;
}

/** A database that is away for some calls. */
class MoodyDatabase implements Database {
  readonly kind: Database["kind"];
  readonly #database: Database;
  #mood = { after: 0, times: 0, only: /^/ };

  constructor(database: Database) {
    this.#database = database;
    this.kind = database.kind;
  }

  fail(mood: Mood): void {
    this.#mood = { after: 0, only: /^/, ...mood };
  }

  async read<T>(sql: string, params?: readonly Value[]): Promise<T[]> {
    this.#answer(sql);
    return this.#database.read<T>(sql, params);
  }

  async claim<T>(statement: Statement): Promise<T[]> {
    return this.#database.claim<T>(statement);
  }

  async write(statements: readonly Statement[]): Promise<void> {
    this.#answer(statements.map(({ sql }) => sql).join("; "));
    return this.#database.write(statements);
  }

  onWake(callback: Parameters<Database["onWake"]>[0]): Disposable {
    return this.#database.onWake(callback);
  }

  /** It belongs to somebody else. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #answer(sql: string): void {
    const mood = this.#mood;
    if (!mood.only.test(sql)) return;
    if (mood.after > 0) mood.after -= 1;
    else if (mood.times > 0) {
      mood.times -= 1;
      throw new Error("the database is away");
    }
  }
}
