import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const routes = [
  {
    name: "once",
    actions: ["team"],
    plugins: { "unique-message-props": ["image", "list.name"], "unique-message-timeout": "1h" },
  },
  {
    name: "checked-once",
    input: "input.url",
    subject: "input.url",
    checks: ["page"],
    verdict: pageRoute.verdict,
    actions: ["team"],
    notify: { confirmed: ["oncall"] },
    plugins: { "unique-message-props": ["kind"] },
  },
  { name: "by-three", actions: ["team", "ops"], plugins: { "aggregate-message-number": 3 } },
  {
    name: "by-time",
    input: "input.url",
    subject: "input.url",
    checks: ["page"],
    verdict: pageRoute.verdict,
    actions: ["team"],
    notify: { confirmed: ["oncall"] },
    plugins: { "aggregate-message-timeout": "5s" },
  },
  { name: "by-turns", actions: ["team", "ops"], plugins: { "aggregate-message-timeout": "10s" } },
  {
    name: "by-two",
    actions: ["call"],
    template: "number",
    plugins: { "aggregate-message-number": 2 },
  },
  { name: "by-two-raw", actions: ["call"], plugins: { "aggregate-message-number": 2 } },
  { name: "in-turn", actions: ["first", "second", "third"], "serialize-actions": true },
];

eachDatabase("Postee's plugins act on actions only", (fresh) => {
  const parts = new AsyncDisposableStack();
  let world: World;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
  });
  after(() => parts.disposeAsync());

  const start = async () => {
    await using opened = new AsyncDisposableStack();
    const { url } = world.receiver;
    const config = configIn(world, { routes });
    const inTurn = ["first", "second", "third"].map((name) => ({
      name,
      type: "webhook",
      url: `${url}/${name}`,
    }));
    const call = { name: "call", type: "http", method: "POST", url: `${url}/call`, "body-content": "{}" };
    const body = "package numbers\ntitle := input.mark\nresult := [input.number]";
    const file = opened.use(
      await configFile({
        ...config,
        actions: [...config.actions, ...inTurn, call],
        templates: [{ name: "number", body }],
      }),
    );
    const database = opened.use(await fresh());
    const server = opened.use(await startCrosscheck({ config: file.path, database: database.location }));
    const moved = opened.move();
    return { server, [Symbol.asyncDispose]: () => moved.disposeAsync() };
  };
  test("unique-message-props: what was told is not told again; what nothing identifies is", async () => {
    await using running = await start();
    const { server } = running;
    const seen = world.receiver.told("/team").length;
    for (const image of ["a", "a", "b", "a", undefined, undefined])
      await server.post({ image, list: [{ name: "x" }] }, "/tenant/once");
    for (const image of [undefined, undefined]) await server.post({ image }, "/tenant/once");
    const closed = await until("all of them to be over", async () => {
      const incidents = await server.incidents();
      return incidents.length === 8 && incidents.every(({ state }) => state === "closed")
        ? incidents
        : undefined;
    });
    assert.equal(closed.length, 8);
    // a, b, x alone, and twice what nothing identifies.
    assert.equal(world.receiver.told("/team").length - seen, 5);
  });

  test("a repeat is checked and its verdict told all the same", async () => {
    await using running = await start();
    const { server } = running;
    const subjects = ["/one", "/two"].map((path) => {
      world.site.set(path, "down");
      return world.site.page(path);
    });
    for (const url of subjects) await server.post({ url, kind: "same" }, "/tenant/checked-once");
    for (const url of subjects) await world.receiver.hears("/oncall", url);
    assert.equal(subjects.filter((url) => world.receiver.told("/team", url).length > 0).length, 1);
  });

  test("aggregate-message-number: one message for each so many, to each action", async () => {
    await using running = await start();
    const { server } = running;
    const mark = `count-${server.url}`;
    for (let number = 1; number <= 7; number += 1) await server.post({ mark, number }, "/tenant/by-three");
    for (const path of ["/team", "/ops"]) {
      const heard = await world.receiver.hears(path, mark, 2);
      assert.deepEqual(
        heard.map(({ firstLine }) => firstLine),
        Array.from({ length: 2 }, () => "RECEIVED by-three: 3 alerts"),
      );
      const numbers = heard.map(({ body }) =>
        [...body.matchAll(/number\W+(\d)/g)].map(([, number]) => number),
      );
      assert.deepEqual(
        // Each so many are a story of their own: which is told first is nobody's promise.
        numbers
          .map((some) => [...new Set(some)].toSorted((a = "", b = "") => a.localeCompare(b)))
          .toSorted(([a = ""], [b = ""]) => a.localeCompare(b)),
        [
          ["1", "2", "3"],
          ["4", "5", "6"],
        ],
      );
    }
    const incidents = await until("the last alert to be routed", async () => {
      const opened = await server.incidents();
      return opened.length > 2 ? opened : undefined;
    });
    assert.deepEqual(
      incidents.map(({ alertCount, state }) => [alertCount, state]),
      [
        [1, "open"],
        [3, "closed"],
        [3, "closed"],
      ],
    );
  });

  test("gathered messages are told in the template's words", async () => {
    await using running = await start();
    const { server } = running;
    const seen = world.receiver.told("/call").length;
    const event = async (path: string, count: number) => {
      for (const number of [1, 2]) await server.post({ mark: "m", number }, path);
      const heard = await world.receiver.hears("/call", "", seen + count);
      const text = Buffer.from(String(heard.at(-1)?.headers["postee-event"]), "base64").toString();
      return JSON.parse(text) as unknown;
    };
    assert.deepEqual(await event("/tenant/by-two", 1), [1, 2]);
    assert.deepEqual(
      await event("/tenant/by-two-raw", 2),
      [1, 2].map((number) => ({ mark: "m", number })),
      "without a template an effect gets the alerts",
    );
  });

  test("aggregate-message-timeout: what came within the time in one message, and each verdict by itself", async () => {
    await using running = await start();
    const { server } = running;
    const subjects = ["/gathered-1", "/gathered-2"].map((path) => {
      world.site.set(path, "down");
      return world.site.page(path);
    });
    for (const url of subjects) await server.post({ url }, "/tenant/by-time");
    for (const url of subjects) await world.receiver.hears("/oncall", url);
    const [one, ...more] = await world.receiver.hears("/team", subjects[0]);
    assert.deepEqual(more, []);
    assert.equal(one?.firstLine, "RECEIVED by-time: 2 alerts");
    assert.ok(subjects.every((url) => one?.body.includes(url)));
  });

  test("while one action cannot be told, the others are still told of many at once, and it is tried again in its turn", async () => {
    await using running = await start();
    const { server } = running;
    const mark = `turns-${server.url}`;
    world.receiver.answer("/ops", answering(503));
    await server.post({ mark, number: 1 }, "/tenant/by-turns");
    await world.receiver.hears("/team", mark);
    for (const number of [2, 3]) await server.post({ mark, number }, "/tenant/by-turns");
    const [first, second] = await world.receiver.hears("/team", mark, 2);
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) > 9000, "the later ones are gathered as well");
    assert.match(second?.firstLine ?? "", /2 alerts/);
    const [refused, taken] = await world.receiver.hears("/ops", mark, 3);
    assert.equal(refused?.key, taken?.key);
    assert.ok((taken?.at ?? 0) - (refused?.at ?? 0) < 8000, "what is due does not wait for what gathers");
    await until("it to be over", async () =>
      (await server.incidents()).every(({ state }) => state === "closed"),
    );
  });

  test("serialize-actions: one after the other, and one that fails holds up nobody", async () => {
    await using running = await start();
    const { server } = running;
    const answer = Promise.withResolvers<void>();
    world.receiver.answer("/first", async (response) => {
      await answer.promise;
      response.end();
    });
    world.receiver.answer("/second", answering(500));
    const id = await server.post({ what: "a walk" }, "/tenant/in-turn");
    await world.receiver.hears("/first", id);
    // Another alert goes all its way meanwhile.
    await server.post({ image: server.url }, "/tenant/once");
    await world.receiver.hears("/team", server.url);
    assert.deepEqual(world.receiver.told("/second", id), []);
    answer.resolve();
    const [failed] = await world.receiver.hears("/second", id);
    const [third] = await world.receiver.hears("/third", id);
    assert.ok((third?.at ?? 0) >= (failed?.at ?? Infinity));
  });
});
