import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Notice, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const body = 'package mine\ntitle := "t"\nresult := {"who": input.user, "server": input.postee.AquaServer}';

suite("templates and effects", () => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let server: Crosscheck;
  let file: ConfigFile;

  before(async () => {
    receiver = parts.use(await startReceiver());
    const call = {
      type: "http",
      method: "post",
      "body-content": '{"event": event.input, "text": "by event.input.who"}',
    };
    file = parts.use(await configFile(""));
    const script =
      'printf %s "$POSTEE_EVENT" > "$FOLDER/event.part" && mv "$FOLDER/event.part" "$FOLDER/event"';
    await file.write({
      "aqua-server": "https://aqua.example",
      templates: [
        { name: "mine", body },
        { name: "raw", "rego-package": "postee.rawmessage.json" },
      ],
      routes: [
        { name: "mine", template: "mine", actions: ["mine"] },
        { name: "broken", template: "mine", actions: ["broken", "broken-hook"] },
        { name: "raw", template: "raw", actions: ["run"] },
      ],
      actions: [
        { name: "mine", ...call, url: `${receiver.url}/mine` },
        { name: "broken", ...call, url: `${receiver.url}/broken` },
        { name: "broken-hook", type: "webhook", url: `${receiver.url}/broken-hook` },
        { name: "run", type: "exec", "exec-script": script, env: { FOLDER: file.folder } },
        { name: "ops", type: "webhook", url: `${receiver.url}/ops` },
      ],
      unrouted: ["ops"],
      trouble: ["ops"],
    });
    const database = parts.use(await freshSqlite());
    const options = { config: file.path, database: database.location, args: ["--allow-exec"] };
    server = parts.use(await startCrosscheck(options));
  });
  after(() => parts.disposeAsync());

  test("an http action gets what the template made of the alert", async () => {
    await server.post({ user: 'demo "one"' }, "/tenant/mine");
    const [notice] = await receiver.hears("/mine");
    const rendered = { server: "https://aqua.example/#/images/", who: 'demo "one"' };
    assert.deepEqual(JSON.parse(notice?.body ?? ""), { event: rendered, text: 'by demo "one"' });
    assert.deepEqual(posteeEvent(notice), JSON.stringify(rendered));
  });

  test("an alert that the template makes nothing of is told all the same, and says why", async () => {
    await server.post({ other: 1 }, "/tenant/broken");
    const [called] = await receiver.hears("/broken");
    assert.equal(posteeEvent(called), '{\n "other": 1\n}');
    const [told] = await receiver.hears("/broken-hook");
    assert.match(told?.firstLine ?? "", /: template mine failed: nothing in it has a result$/);
  });

  test("a script gets it, too", async () => {
    await server.post({ big: 1 }, "/tenant/raw");
    const event = await until("the script to write", () =>
      readFile(join(file.folder, "event"), "utf8").catch(() => undefined),
    );
    assert.equal(
      event,
      '{\n "big": 1,\n "postee": {\n  "AquaServer": "https://aqua.example/#/images/"\n }\n}',
    );
  });
});

function posteeEvent(notice: Notice | undefined): string {
  return Buffer.from(String(notice?.headers["postee-event"]), "base64").toString();
}
