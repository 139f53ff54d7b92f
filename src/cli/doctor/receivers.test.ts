import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../config/load.ts";
import { actionTypes } from "../../notify/actions/index.ts";
import { configFile } from "../../../test/fixtures/config-file.ts";
import { receiversOf } from "./receivers.ts";

const key = "a".repeat(32);

/** Each type of action, and where it is told: a new one stands here too. */
const actions = [
  [{ type: "slack", url: "https://hooks.slack.example/services/x" }, "hooks.slack.example:443 tls"],
  [{ type: "slack", token: "xoxb-1-2", channel: "C1" }, "slack.com:443 tls"],
  [{ type: "teams", url: "https://flow.example:8443/x?sig=1" }, "flow.example:8443 tls"],
  [{ type: "webhook", url: "http://[2001:db8::1]/x" }, "2001:db8::1:80"],
  [{ type: "http", url: "http://10.0.0.1:8080/x", method: "POST", check: false }, "10.0.0.1:8080"],
  [{ type: "pagerduty", "routing-key": key }, "events.pagerduty.com:443 tls"],
  [{ type: "opsgenie", "api-key": "k", region: "eu" }, "api.eu.opsgenie.com:443 tls"],
  [{ type: "opsgenie", "api-key": "k", url: "http://ops.example" }, "ops.example:80"],
  [
    { type: "email", host: "mail.example", sender: "a@b.example", recipients: ["c@d.example"] },
    "mail.example:587",
  ],
  [
    { type: "email", host: "mail.example", port: 465, sender: "a@b.example", recipients: ["c@d.example"] },
    "mail.example:465 tls",
  ],
  [{ type: "exec", "exec-script": "true" }, null],
  [{ type: "stdout" }, null],
] as const;

test("every type of action is here", () => {
  const tested = new Set<string>(actions.map(([{ type }]) => type));
  assert.deepEqual(
    actionTypes.filter(({ name }) => !tested.has(name)).map(({ name }) => name),
    [],
  );
});

for (const [settings, place] of actions) {
  test(`where ${JSON.stringify(settings)} is told`, async () => {
    await using file = await configFile({ actions: [{ name: "one", ...settings }] });
    const { config } = await loadConfig(file.path, { secrets: "required", allowExec: true });
    const found = receiversOf(config).map(({ host, port, tls }) => `${host}:${port}${tls ? " tls" : ""}`);
    assert.deepEqual(found, place === null ? [] : [place]);
  });
}

test("one place is one line, for all who are told there", async () => {
  const url = "https://hooks.slack.example/services/x";
  await using file = await configFile({
    actions: ["one", "two"].map((name) => ({ name, type: "slack", url })),
    server: { heartbeat: { url: "https://beat.example/secret" } },
  });
  const { config } = await loadConfig(file.path, { secrets: "required" });
  assert.deepEqual(
    receiversOf(config).map(({ host, names }) => [host, names]),
    [
      ["hooks.slack.example", ["one", "two"]],
      ["beat.example", ["server.heartbeat"]],
    ],
  );
});
