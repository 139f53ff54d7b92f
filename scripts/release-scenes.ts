/** A server's work in small: what stands in a database between two releases. */
import { speakingEventsV2 } from "../src/notify/actions/pagerduty.fixture.ts";
import { answering, startReceiver } from "../src/notify/receiver.fixture.ts";
import { newId } from "../src/model/id.ts";
import { insertAlert } from "../src/store/alerts.ts";
import { wake } from "../src/store/jobs.ts";
import { configFile } from "../test/fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../test/fixtures/crosscheck.ts";
import type { FreshDatabase } from "../test/fixtures/databases.ts";
import { releaseConfig } from "../test/fixtures/release-config.ts";
import { until } from "../test/fixtures/until.ts";
import { startWorld, type World } from "../test/fixtures/world.ts";

/** Has a real server play every scene on an empty database, and leaves it stopped in the middle of its work. */
export async function playReleaseScenes(place: FreshDatabase): Promise<void> {
  await using world = await startWorld(["eu", "na"]);
  await using pager = await startReceiver(speakingEventsV2);
  await using file = await configFile(releaseConfig(world, pager));
  await using server = await startCrosscheck({ config: file.path, database: place.location });
  world.receiver.always("/broken", answering(400, "no"));
  world.receiver.always("/busy", answering(503, "later"));
  await confirmedAndSpared(world, server);
  await toldOnceDeadAndWaiting(server);
  await mutedAndMarked(world, server);
  await storm(server);
  await settled(place, server);
  await server.stop();
  await leaveUnrouted(place, world.site.page("/unrouted"));
}

async function confirmedAndSpared({ site, receiver }: World, server: Crosscheck): Promise<void> {
  // A name: where there is no other address, contrasts ask another resolver.
  const wrong = site.page("/wrong").replace("127.0.0.1", "localhost");
  await server.post({ url: wrong }, "/tenant/wrong");
  await server.post({ url: site.page("/up") }, "/tenant/page");
  await receiver.hears("/oncall", wrong);
  await until("the spared page to be over", async () => {
    const incident = await server.incidentOf(site.page("/up"));
    return incident?.state === "closed";
  });
}

async function toldOnceDeadAndWaiting(server: Crosscheck): Promise<void> {
  for (const image of ["a", "a", "b"]) await server.post({ image }, "/tenant/once");
  await server.post({ note: "nobody takes this" }, "/tenant/refused");
  await server.post({ note: "taken later" }, "/tenant/waiting");
  await until("a dead letter and one that waits", async () => {
    const { deliveries } = await server.read<{
      deliveries: { action: string; state: string; attempts: number }[];
    }>("/api/v1/deliveries?limit=200");
    const isDead = deliveries.some(({ action, state }) => action === "broken" && state === "dead");
    return isDead && deliveries.some(({ action, attempts }) => action === "busy" && attempts > 0);
  });
}

async function mutedAndMarked({ site }: World, server: Crosscheck): Promise<void> {
  const headers = { "content-type": "application/json" };
  const subject = site.page("/muted");
  const mute = { subject, for: "2h", reason: "planned work" };
  await server.request("/api/v1/mutes", { method: "POST", headers, body: JSON.stringify(mute) });
  await server.post({ url: subject }, "/tenant/page");
  const incident = await until("the muted one", () => server.incidentOf(subject));
  const body = JSON.stringify({ mark: "not-real" });
  await server.request(`/api/v1/incidents/${incident.id}/mark`, { method: "POST", headers, body });
}

async function storm(server: Crosscheck): Promise<void> {
  for (const note of ["one", "two", "three", "four", "five"]) await server.post({ note }, "/tenant/stormy");
  await until("the storm", async () => (await server.incidents()).some(({ route }) => route === "storm"));
}

/** Nothing is under way but what waits for a later time, and each location has been tested. */
async function settled(place: FreshDatabase, server: Crosscheck): Promise<void> {
  await using database = await place.open();
  await until("the self-tests, and the last verdict", async () => {
    const tests = await database.read("select 1 from self_tests where good is not null");
    const open = await server.incidents();
    return tests.length === 2 && open.every(({ state }) => state !== "checking" && state !== "watching");
  });
  await until("the contrasts", () =>
    database.read("select 1 from contrasts").then(({ length }) => length > 0),
  );
}

/** What is on disk when a process dies right after its answer. */
async function leaveUnrouted(place: FreshDatabase, url: string): Promise<void> {
  await using database = await place.open();
  const now = Date.now();
  const alert = insertAlert({
    id: newId(),
    receivedAt: now,
    source: "webhook",
    onlyRoute: "page",
    contentType: "application/json",
    body: new TextEncoder().encode(JSON.stringify({ url })),
    status: "firing",
    dedupKey: null,
    targetUrl: null,
    fault: null,
  });
  await database.write([alert, wake("inbox", now)]);
}
