import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

interface MuteJson {
  readonly id: string;
  readonly route: string | null;
  readonly subject: string | null;
  readonly until: string;
  readonly actor: string;
}

type Flagged = IncidentJson & { readonly flags: readonly string[] };

const planned = {
  route: "planned",
  from: new Date(Date.now() - 60_000).toISOString(),
  until: new Date(Date.now() + 3_600_000).toISOString(),
  reason: "moving house",
};

const passedOn = { name: "passed-on", input: "input.note", subject: "input.note", actions: ["team"] };

eachDatabase("a mute", (fresh) => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let server: Crosscheck;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    const routes = [
      { ...pageRoute, name: "planned", input: "input.planned" },
      { ...pageRoute, name: "loud", input: "input.loud", actions: ["team"] },
      { ...pageRoute, input: "not input.planned; not input.loud; input.url" },
      passedOn,
    ];
    const file = parts.use(await configFile(configIn(world, { routes, mutes: [planned] })));
    const database = parts.use(await fresh());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const cli = (...args: string[]) => runCommand(["mute", ...args, "--server", server.url]);
  const ask = (body: object) =>
    server.request("/api/v1/mutes", { method: "POST", body: JSON.stringify(body) });
  const begin = async (body: object) => {
    const response = await ask({ for: "2h", reason: "deploy", ...body });
    assert.equal(response.status, 201, await response.clone().text());
    return (await response.json()) as MuteJson;
  };
  const end = async ({ id }: MuteJson) => {
    const response = await server.request(`/api/v1/mutes/${id}`, { method: "DELETE" });
    assert.equal(response.status, 204, await response.text());
  };
  const when = (subject: string, what: string, holds: (incident: Flagged) => boolean) =>
    until(what, async () => {
      const incident = (await server.incidentOf(subject)) as Flagged | undefined;
      return incident !== undefined && holds(incident) ? incident : undefined;
    });
  const heard = (subject: string) =>
    ["/oncall", "/team", "/ops"].flatMap((path) => [...world.receiver.told(path, subject)]);
  const down = (name: string) => {
    world.site.set(name, "down");
    return world.site.page(name);
  };

  test("from the command line: runs go on, nobody is told; its end has it judged and told", async () => {
    const url = down("/quiet");
    const begun = await cli("--subject", `${url}/`, "--for", "2h", "--reason", "deploy");
    assert.deepEqual([begun.code, begun.stderr], [0, []]);
    const id = /mute end (\S+)$/.exec(begun.stdout.at(-1) ?? "")?.[1] ?? "";
    await server.post({ url });
    const quiet = await when(
      url,
      "a recheck",
      ({ runs }) => runs.filter(({ verdict }) => verdict).length > 1,
    );
    assert.deepEqual([quiet.state, quiet.outcome, quiet.flags], ["open", "confirmed", ["muted"]]);
    assert.deepEqual([quiet.deliveries, heard(url)], [[], []]);

    const listed = await cli("list");
    assert.ok(listed.stdout.some((line) => line.startsWith(id) && line.includes("deploy (loopback)")));
    assert.equal((await cli("end", id)).code, 0);
    const [told] = await world.receiver.hears("/oncall", url);
    assert.match(told?.firstLine ?? "", /^DOWN 2\/2/);
    assert.match(told?.body ?? "", /Muted until now \(deploy\), checked again/);
    assert.deepEqual((await when(url, "it to be told", ({ flags }) => flags.length === 0)).state, "open");
    assert.equal((await cli("end", id)).code, 1);
  });

  test("it ends by itself: what is still down is told then, as soon as it has been judged", async () => {
    const url = down("/short");
    await begin({ subject: url, for: "6s" });
    await server.post({ url });
    await when(url, "it to be judged", ({ outcome }) => outcome === "confirmed");
    assert.deepEqual(heard(url), []);
    const [told] = await world.receiver.hears("/oncall", url);
    assert.equal(told?.event, "verdict");
  });

  test("what begins and ends under a mute is never told, and is on record", async () => {
    const url = down("/unheard");
    const mute = await begin({ subject: url });
    await server.post({ url });
    await when(url, "it to be open", ({ state }) => state === "open");
    world.site.set("/unheard", "up");
    const over = await when(url, "it to be over", ({ state }) => state === "closed");
    assert.equal(over.outcome, "not-reproduced");
    await end(mute);
    assert.deepEqual([over.deliveries, heard(url)], [[], []]);
  });

  test("the end of what was told before is told, and nothing in between", async () => {
    const url = down("/told");
    await server.post({ url });
    await world.receiver.hears("/oncall", url);
    const mute = await begin({ subject: url });
    world.site.set("/told", "up");
    await world.receiver.hears("/oncall", url, 2);
    const events = world.receiver.told("/oncall", url).map(({ event }) => event);
    assert.deepEqual(events, ["verdict", "recovered"]);
    await end(mute);
  });

  test("an arrival is held, and dropped once there is a verdict", async () => {
    const url = down("/arrival");
    const mute = await begin({ route: "loud" });
    await server.post({ url, loud: true });
    const quiet = await when(url, "it to be judged", ({ outcome }) => outcome === "confirmed");
    assert.deepEqual(
      quiet.deliveries.map(({ action, event, state }) => [action, event, state]),
      [["team", "trigger", "superseded"]],
    );
    assert.deepEqual(heard(url), []);
    await end(mute);
    await world.receiver.hears("/oncall", url);
    assert.deepEqual(world.receiver.told("/team", url), []);
  });

  test("an alert that nobody checks is told when the mute is over", async () => {
    const mute = await begin({ subject: "paint the bikeshed" });
    const id = await server.post({ note: "paint the bikeshed" });
    const held = await when(id, "it to be held", ({ deliveries }) => deliveries.length === 1);
    assert.equal(held.deliveries[0]?.state, "pending");
    assert.deepEqual(heard("bikeshed"), []);
    await end(mute);
    await world.receiver.hears("/team", "bikeshed");
  });

  test("the configuration's mutes are listed, and ended there", async () => {
    const url = down("/planned");
    await server.post({ url, planned: true });
    const quiet = await when(url, "it to be judged", ({ outcome }) => outcome === "confirmed");
    assert.deepEqual([quiet.flags, heard(url)], [["muted"], []]);
    const { mutes } = await server.read<{ mutes: MuteJson[] }>("/api/v1/mutes");
    assert.deepEqual(
      mutes.filter(({ route }) => route === "planned").map(({ id, actor }) => [id, actor]),
      [["config-1", "configuration"]],
    );
    const refused = await server.request("/api/v1/mutes/config-1", { method: "DELETE" });
    assert.equal(refused.status, 409);
    assert.match(await refused.text(), /take it out of `mutes:` and reload/);
  });

  for (const how of ["reload", "restart"] as const) {
    test(`one that a ${how} finds taken out of the configuration keeps nothing quiet any more`, async () => {
      const url = down(`/taken-out-${how}`);
      const note = `taken out by a ${how}`;
      const routes = [pageRoute, passedOn];
      const muted = [
        { ...planned, route: "page" },
        { ...planned, route: "passed-on" },
      ];
      await using own = await configFile(configIn(world, { routes, mutes: muted }));
      await using database = await fresh();
      const serve = () => startCrosscheck({ config: own.path, database: database.location });
      await using first = await serve();
      await first.post({ url });
      const id = await first.post({ note });
      await until("both to be kept quiet", async () => {
        const [judged, held] = await Promise.all([first.incidentOf(url), first.incidentOf(id)]);
        return judged?.outcome === "confirmed" && held?.deliveries.length === 1;
      });
      await own.write(configIn(world, { routes }));
      if (how === "restart") await first[Symbol.asyncDispose]();
      await using second = how === "restart" ? await serve() : first;
      if (how === "reload") assert.equal((await second.request("/reload", { method: "POST" })).status, 200);
      await world.receiver.hears("/oncall", url);
      await world.receiver.hears("/team", note);
    });
  }

  test("nobody is there: one line that says where it looked and what to do", async () => {
    const nowhere = await runCommand(["mute", "list", "--server", "http://127.0.0.1:1"]);
    assert.deepEqual([nowhere.code, nowhere.stderr.length], [1, 1]);
    assert.match(nowhere.stderr[0] ?? "", /no answer from http:\/\/127\.0\.0\.1:1 .*--server URL/);
    const vague = await runCommand(["mute", "--for", "2h"]);
    assert.deepEqual([vague.code, /usage: crosscheck mute/.test(vague.stderr.join("\n"))], [2, true]);
  });

  const bad: readonly (readonly [string, object])[] = [
    ["name a route, a subject or both", { for: "1h", reason: "x" }],
    ["there is no route", { route: "pgae", for: "1h", reason: "x" }],
    ["say how long", { route: "page", reason: "x" }],
    ["at most 1d later", { route: "page", for: "25h", reason: "x" }],
    ["is not a duration", { route: "page", for: "long", reason: "x" }],
    ["RFC 3339", { route: "page", until: "tomorrow", reason: "x" }],
    ["reason", { route: "page", for: "1h" }],
    ["say why", { route: "page", for: "1h", reason: " " }],
  ];
  for (const [said, body] of bad) {
    test(`is refused: ${JSON.stringify(body)}`, async () => {
      const response = await ask(body);
      assert.deepEqual(
        [response.status, response.headers.get("content-type")],
        [400, "application/problem+json"],
      );
      const { detail } = (await response.json()) as { detail: string };
      assert.ok(detail.includes(said), detail);
    });
  }
});
