import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import type { ActionKind } from "../model/action.ts";
import { DeadlineError, DeliveryError, describeError } from "../model/errors.ts";
import type { ActionSettings, ActionType } from "./action-type.ts";
import { decideDelivery, decideWait, sendDelivery } from "./deliver.ts";
import type { Decision } from "./deliver.ts";
import { composeMessage } from "./message.ts";
import { confirmed } from "./scenes.fixture.ts";

const due = 1_000_000;
const minute = 60_000;
const hour = 3_600_000;
const passing = new DeliveryError("answered 503", { permanent: false });
const permanent = new DeliveryError("answered 404: no_service", { permanent: true });
const limited = (retryAfterMs: number) =>
  new DeliveryError("answered 429", { permanent: false, retryAfterMs });

interface Try {
  readonly what: string;
  readonly kind?: ActionKind;
  /** Tries before this one. */
  readonly attempts?: number;
  /** After it fell due. */
  readonly afterMs: number;
  readonly told?: boolean;
  readonly error: DeliveryError | null;
  readonly state: Decision["state"];
  /** After this try; not looked at unless it is pending. */
  readonly waitMs?: number;
  readonly fallbackDue?: boolean;
}

const tries: readonly Try[] = [
  { what: "taken", afterMs: 0, error: null, state: "delivered" },
  { what: "first failure", afterMs: 0, error: passing, state: "pending", waitMs: 1000 },
  { what: "second", attempts: 1, afterMs: 1000, error: passing, state: "pending", waitMs: 2000 },
  { what: "fifth", attempts: 4, afterMs: 15_000, error: passing, state: "pending", waitMs: 16_000 },
  {
    what: "the next falls on the fallback",
    attempts: 5,
    afterMs: 31_000,
    error: passing,
    state: "pending",
    waitMs: 29_000,
  },
  {
    what: "out of reach for a minute",
    attempts: 6,
    afterMs: minute,
    error: passing,
    state: "pending",
    waitMs: minute,
    fallbackDue: true,
  },
  {
    what: "fallback told before",
    attempts: 7,
    afterMs: 2 * minute,
    told: true,
    error: passing,
    state: "pending",
    waitMs: minute,
  },
  {
    what: "pause has a cap",
    attempts: 30,
    afterMs: 30 * minute,
    told: true,
    error: passing,
    state: "pending",
    waitMs: minute,
  },
  {
    what: "a pager's is shorter",
    kind: "pager",
    attempts: 30,
    afterMs: 30 * minute,
    told: true,
    error: passing,
    state: "pending",
    waitMs: 15_000,
  },
  {
    what: "the last try is at the end",
    attempts: 70,
    afterMs: hour - 5000,
    told: true,
    error: passing,
    state: "pending",
    waitMs: 5000,
  },
  { what: "given up after an hour", attempts: 71, afterMs: hour, told: true, error: passing, state: "dead" },
  {
    what: "given up, fallback never told",
    attempts: 0,
    afterMs: 2 * hour,
    error: passing,
    state: "dead",
    fallbackDue: true,
  },
  {
    what: "a pager goes on",
    kind: "pager",
    attempts: 300,
    afterMs: hour,
    told: true,
    error: passing,
    state: "pending",
    waitMs: 15_000,
  },
  {
    what: "a pager gives up after a day",
    kind: "pager",
    attempts: 9999,
    afterMs: 24 * hour,
    told: true,
    error: passing,
    state: "dead",
  },
  { what: "refused for good", afterMs: 0, error: permanent, state: "dead", fallbackDue: true },
  { what: "refused for good, fallback told", afterMs: 0, told: true, error: permanent, state: "dead" },
  {
    what: "a pager refused for good",
    kind: "pager",
    afterMs: 0,
    error: permanent,
    state: "dead",
    fallbackDue: true,
  },
  { what: "asked to wait", afterMs: 0, error: limited(30_000), state: "pending", waitMs: 30_000 },
  {
    what: "asked to wait less than usual",
    attempts: 3,
    afterMs: 7000,
    error: limited(1),
    state: "pending",
    waitMs: 8000,
  },
  {
    what: "asked to wait beyond the fallback",
    afterMs: 0,
    error: limited(10 * minute),
    state: "pending",
    waitMs: 10 * minute,
    fallbackDue: true,
  },
  {
    what: "asked to wait beyond the end",
    afterMs: minute,
    told: true,
    error: limited(24 * hour),
    state: "pending",
    waitMs: 59 * minute,
  },
  {
    what: "a pager that asks for too much",
    kind: "pager",
    afterMs: 1000,
    error: limited(10 * minute),
    state: "pending",
    waitMs: minute,
    fallbackDue: true,
  },
  { what: "a ticket", kind: "ticket", afterMs: 0, error: passing, state: "pending", waitMs: 1000 },
  { what: "an effect", kind: "effect", afterMs: hour, error: passing, state: "dead", fallbackDue: true },
];

for (const { what, kind = "message", attempts = 0, afterMs, told = false, error, ...expected } of tries)
  test(`${what}: ${expected.state}`, () => {
    const now = due + afterMs;
    const delivery = { attempts, createdAt: due, nextAt: now, fallbackAt: told ? due + 1 : null };
    const decision = decideDelivery(delivery, error, { kind, now, random: 1 });
    assert.equal(decision.state, expected.state);
    assert.equal(decision.attempts, attempts + 1);
    assert.equal(decision.fallbackDue, expected.fallbackDue ?? false);
    assert.equal(decision.error, error === null ? null : error.message);
    if (expected.waitMs !== undefined) assert.equal(decision.nextAt - now, expected.waitMs);
  });

interface Put {
  readonly what: string;
  readonly kind?: ActionKind;
  readonly reason: "rate" | "open";
  readonly afterMs: number;
  /** Until its action may be asked again. */
  readonly forMs: number;
  readonly told?: boolean;
  readonly state: Decision["state"];
  readonly wakeMs?: number;
  readonly fallbackDue?: boolean;
}

const puts: readonly Put[] = [
  { what: "its turn", reason: "rate", afterMs: 0, forMs: 3000, state: "pending", wakeMs: 3000 },
  {
    what: "the fallback comes first",
    reason: "rate",
    afterMs: 10_000,
    forMs: hour,
    state: "pending",
    wakeMs: 50_000,
  },
  {
    what: "nobody has been told for a minute",
    reason: "rate",
    afterMs: minute,
    forMs: hour,
    state: "pending",
    wakeMs: minute,
    fallbackDue: true,
  },
  {
    what: "its turn comes late",
    reason: "rate",
    afterMs: 5 * hour,
    forMs: 2000,
    told: true,
    state: "pending",
    wakeMs: 2000,
  },
  {
    what: "a pause",
    kind: "pager",
    reason: "open",
    afterMs: 0,
    forMs: 15_000,
    state: "pending",
    wakeMs: 15_000,
  },
  {
    what: "a pager out of reach for a minute",
    kind: "pager",
    reason: "open",
    afterMs: minute,
    forMs: 15_000,
    state: "pending",
    wakeMs: 15_000,
    fallbackDue: true,
  },
  {
    what: "the end",
    reason: "open",
    afterMs: hour - 5,
    forMs: minute,
    told: true,
    state: "pending",
    wakeMs: 5,
  },
  { what: "given up", reason: "open", afterMs: hour, forMs: minute, told: true, state: "dead" },
  { what: "given up untold", reason: "open", afterMs: hour, forMs: 1, state: "dead", fallbackDue: true },
  {
    what: "a pager goes on",
    kind: "pager",
    reason: "open",
    afterMs: hour,
    forMs: 1,
    told: true,
    state: "pending",
  },
];

for (const { what, kind = "message", reason, afterMs, forMs, told = false, ...expected } of puts)
  test(`put off, ${what}: ${expected.state}, and no attempt`, () => {
    const now = due + afterMs;
    const delivery = { attempts: 3, createdAt: due, nextAt: due, fallbackAt: told ? due + 1 : null };
    const { decision, wakeAt } = decideWait(
      delivery,
      { reason, until: now + forMs, why: "not now" },
      { kind, now },
    );
    assert.deepEqual([decision.state, decision.attempts, decision.error], [expected.state, 3, "not now"]);
    assert.equal(decision.fallbackDue, expected.fallbackDue ?? false);
    if (expected.wakeMs !== undefined) assert.equal(wakeAt - now, expected.wakeMs);
  });

test("the jitter takes up to half of a pause", () => {
  const delivery = { attempts: 3, createdAt: due, nextAt: due, fallbackAt: null };
  const waits = [0, 0.5, 1].map(
    (random) => decideDelivery(delivery, passing, { kind: "message", now: due, random }).nextAt - due,
  );
  assert.deepEqual(waits, [4000, 6000, 8000]);
});

test("the row has the error with its causes, cut", () => {
  const cause = new Error(`connect ECONNREFUSED\n${"x".repeat(1000)}`);
  const error = new DeliveryError("the request failed", { permanent: false, cause });
  const delivery = { attempts: 0, createdAt: due, nextAt: due, fallbackAt: null };
  const row = decideDelivery(delivery, error, { kind: "message", now: due, random: 0 }).error ?? "";
  assert.ok(row.startsWith("the request failed: connect ECONNREFUSED xxx"));
  assert.equal(row.length, 500);
});

const message = composeMessage(confirmed);
const settings: ActionSettings = {
  type: "fake",
  name: "fake",
  enable: true,
  fallback: [],
  timeout: 10_000,
  concurrency: 20,
};

function fake(send: ActionType["send"]): ActionType {
  return { name: "fake", kind: "message", settings: z.custom<ActionSettings>(), send };
}

async function failureOf(type: ActionType, signal: AbortSignal): Promise<DeliveryError> {
  return await sendDelivery(type, settings, message, { signal, thread: null }).then(
    () => assert.fail("it was sent"),
    (error: unknown) => (assert.ok(error instanceof DeliveryError), error),
  );
}

test("a send gets the message and its settings", async (t) => {
  const seen: unknown[] = [];
  await sendDelivery(
    fake(async (...sent) => {
      seen.push(sent[0], sent[1]);
    }),
    settings,
    message,
    { signal: t.signal, thread: null },
  );
  assert.deepEqual(seen, [message, settings]);
});

test("an action's own refusal stays as it is", async (t) => {
  const refuse = fake(() => Promise.reject(permanent));
  assert.equal(await failureOf(refuse, t.signal), permanent);
});

test("what an action did not expect counts as passing", async (t) => {
  const failures: readonly ActionType["send"][] = [
    () => Promise.reject(new TypeError("x is not a function")),
    () => {
      throw new TypeError("x is not a function");
    },
  ];
  for (const send of failures) {
    const failure = await failureOf(fake(send), t.signal);
    assert.equal(failure.permanent, false);
    assert.equal(describeError(failure), "not sent: x is not a function");
  }
});

test("an action that does not heed its signal is left behind", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const deaf = fake(() => new Promise(() => {}));
  const failed = failureOf(deaf, t.signal);
  t.mock.timers.tick(11_000);
  const failure = await failed;
  assert.equal(failure.permanent, false);
  assert.ok(failure.cause instanceof DeadlineError);
});

test("nothing is sent when we are stopping", async (t) => {
  const send = t.mock.fn(() => Promise.resolve());
  const failure = await failureOf(fake(send), AbortSignal.abort(new Error("stopping")));
  assert.equal(describeError(failure), "not sent: stopping");
  assert.equal(send.mock.callCount(), 0);
});
