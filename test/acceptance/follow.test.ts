import assert from "node:assert/strict";
import { test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

test("one alert is followed through the log by its ids, a line for each step (docs/operations.md)", async () => {
  await using receiver = await startReceiver();
  await using file = await configFile({
    controls: [],
    resolvers: [],
    checks: [{ name: "site", type: "http", url: "http://127.0.0.1:1/", "self-test": false }],
    routes: [{ name: "page", checks: ["site"], actions: ["team"] }],
    actions: [{ name: "team", type: "webhook", url: `${receiver.url}/team` }],
  });
  await using place = await freshSqlite();
  await using server = await startCrosscheck({ config: file.path, database: place.location });
  const id = await server.post({ note: "followed" });
  const delivered = () =>
    server.log.find((line) => line["state"] === "delivered" && line["told"] === "verdict");
  await until("the verdict to be told", delivered);

  const lines = (event: string) => server.log.filter((line) => line["event"] === event);
  const only = (event: string) => {
    const [first, ...others] = lines(event);
    assert.deepEqual(others, [], `one line of ${event}`);
    return first ?? {};
  };
  const [alert, incident, run, verdict] = ["alert", "incident", "run", "verdict"].map(only);
  assert.partialDeepStrictEqual(alert, { level: "info", alert: id, source: "webhook", status: "firing" });
  assert.partialDeepStrictEqual(incident, { alert: id, route: "page", step: "opened" });
  const ids = { incident: incident?.["incident"], run: run?.["run"] };
  assert.match(String(ids.incident), /^[0-9a-f-]{36}$/);
  assert.match(String(ids.run), /^[0-9a-f-]{36}$/);
  assert.partialDeepStrictEqual(run, { ...ids, route: "page", number: 1, cause: "alert" });
  assert.partialDeepStrictEqual(verdict, { ...ids, route: "page", tells: "team" });
  assert.partialDeepStrictEqual(delivered(), { ...ids, alert: id, action: "team", attempts: 1 });
  const [notice] = await receiver.hears("/team", String(ids.incident));
  assert(server.log.some((line) => line["delivery"] === notice?.key));
  assert(!server.log.some((line) => JSON.stringify(line).includes("followed")), "no body of an alert");
  assert.equal((await server.read<unknown[]>("/events")).length, 1);

  await server.post({ status: "resolved", dedup_key: "somebody else's", note: "over" }, "/tenant/page");
  await until(
    "what starts nothing to have a line too",
    () => lines("incident").length + lines("alert-kept").length > 1,
  );
});
