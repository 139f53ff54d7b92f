import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import { matchRoutes } from "../route/match.ts";
import type { Match } from "../route/match.ts";
import { markRouted, unroutedAlerts } from "../store/alerts.ts";
import { ConflictError } from "../store/database.ts";
import { wake } from "../store/jobs.ts";
import type { Context } from "./context.ts";
import { IncidentBook } from "./incident-book.ts";
import { leftUntil } from "./leave.ts";
import { orPoisonous, PoisonousAlert } from "./poisonous.ts";
import { Rush } from "./rush.ts";
import { reportTrouble } from "./trouble.ts";

/** A conflict says that somebody else has got on; of one alert there are few who could, so that it soon gets through. */
const triesTogether = 3;
const triesAlone = 20;

/** How long an alert that no route takes here is left to a replica that may know one, and how many at a time. */
const unknownMs = 30_000;
const leftAtOnce = 100;

/** How long an alert is tried until what goes wrong with it is taken for its own fault. */
const patienceMs = 20_000;

/**
 * 2. Which routes take each alert: per route and subject it joins the open incident or opens one (architecture §3). A
 * batch that somebody else raced is tried again; where a batch fails its alerts are routed one by one.
 * @throws what the database says while it is away: the step is tried again.
 */
export async function routeInbox(context: Context, signal: AbortSignal, rush = new Rush()): Promise<void> {
  const left = new Leaving(context);
  while (!signal.aborted) {
    const waiting = await unroutedAlerts(context.database, (await rush.turn(signal)) + left.count);
    const alerts = waiting.filter(({ id }) => !left.has(id));
    if (alerts.length === 0) return left.wakeInbox();
    try {
      await routeTogether(context, alerts, left);
    } catch (error) {
      context.log.warn("routing-batch-failed", { alerts: alerts.length, error: describeError(error) });
      await routeOneByOne(context, alerts);
    }
  }
}

/** The alerts that stay in the inbox, for a replica whose configuration has a route for them. */
class Leaving {
  readonly #context: Context;
  readonly #until = new Map<string, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  get count(): number {
    return this.#until.size;
  }

  has(id: string): boolean {
    return this.#until.has(id);
  }

  /** Whether an alert that no route takes here is left to another replica. */
  async take({ id, receivedAt }: Alert): Promise<boolean> {
    if (this.has(id)) return true;
    if (this.count >= leftAtOnce) return false;
    const until = await leftUntil(this.#context, receivedAt, unknownMs);
    if (until !== undefined) this.#until.set(id, until);
    return until !== undefined;
  }

  async wakeInbox(): Promise<void> {
    if (this.count > 0)
      await this.#context.database.write([wake("inbox", Math.min(...this.#until.values()))]);
  }
}

/** One bad alert never stops those behind it. */
async function routeOneByOne(context: Context, alerts: readonly Alert[]): Promise<void> {
  const failures: unknown[] = [];
  for (const alert of alerts) {
    try {
      await routeAlone(context, alert);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function routeTogether(context: Context, alerts: readonly Alert[], left?: Leaving): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await routeBatch(context, alerts, (book, alert) => routeOne(book, alert, { context, left }));
      return;
    } catch (error) {
      const limit = alerts.length === 1 ? triesAlone : triesTogether;
      if (!(error instanceof ConflictError) || tries === limit) throw error;
    }
  }
}

/**
 * Routes one alert. One that the routing cannot stomach is told as it came in, and so is one that nothing helped for a
 * while though the database answers.
 * @throws what the database says; the alert stays in the inbox.
 */
export async function routeAlone(context: Context, alert: Alert): Promise<void> {
  const { failingAlerts } = context;
  try {
    await routeTogether(context, [alert]);
  } catch (error) {
    const since = failingAlerts.get(alert.id) ?? context.now();
    failingAlerts.set(alert.id, since);
    const helpless = context.now() - since > patienceMs;
    if (!(error instanceof PoisonousAlert) && !helpless) throw error;
    const why = `routing it failed: ${describeError(error)}`;
    await routeBatch(context, [alert], async (book) => {
      await book.tellUnrouted(alert, why);
      return "routed";
    });
  }
  failingAlerts.delete(alert.id);
}

type RouteOne = (book: IncidentBook, alert: Alert) => Promise<"routed" | "left">;

async function routeBatch(context: Context, alerts: readonly Alert[], one: RouteOne): Promise<void> {
  const now = context.now();
  const book = new IncidentBook(context, now);
  const routed: Alert[] = [];
  for (const alert of firingFirst(alerts)) if ((await one(book, alert)) === "routed") routed.push(alert);
  await context.database.write([...routed.map((alert) => markRouted(alert.id, now)), ...book.statements()]);
  book.report();
  if (book.unrouted.length > 0 && context.setup().config.unrouted.length === 0) {
    for (const { what, note } of book.unrouted)
      await reportTrouble(context, "unrouted-alert", { what, note });
  }
}

/** Of each webhook what fires comes first: what is resolved must not end what the same webhook says goes on. */
function firingFirst(alerts: readonly Alert[]): Alert[] {
  const webhooks = Map.groupBy(alerts, ({ source, receivedAt }) => JSON.stringify([source, receivedAt]));
  return [...webhooks.values()].flatMap((members) => [
    ...members.filter(({ status }) => status !== "resolved"),
    ...members.filter(({ status }) => status === "resolved"),
  ]);
}

async function routeOne(
  book: IncidentBook,
  alert: Alert,
  { context, left }: { readonly context: Context; readonly left: Leaving | undefined },
): Promise<"routed" | "left"> {
  if (alert.status === "other" || alert.status === "own") {
    book.keep(alert, "it neither fires nor is over");
    return "routed";
  }
  const { config } = context.setup();
  const unknown = alert.onlyRoute !== null && !config.routes.has(alert.onlyRoute);
  const fault = unknown
    ? `it names the route ${JSON.stringify(alert.onlyRoute)}, which does not exist`
    : alert.fault;
  const matches =
    fault === null ? orPoisonous(() => matchRoutes(alert, config.routes.values(), config.data)) : [];
  for (const match of matches) await take(book, alert, match);
  if (matches.length > 0) return "routed";
  if (alert.fault === null && (await left?.take(alert)) === true) return "left";
  if (alert.status === "firing") await book.tellUnrouted(alert, fault ?? "no route takes it");
  else book.keep(alert, "no route takes it");
  return "routed";
}

async function take(book: IncidentBook, alert: Alert, match: Match): Promise<void> {
  if (match.warning !== null) book.warn(alert, match);
  if (!book.investigates(match.route) && match.error === null) {
    await book.passOn(alert, match.route);
  } else if (alert.status === "resolved") {
    await book.resolve(alert, match);
  } else {
    await book.fire(alert, match);
  }
}
