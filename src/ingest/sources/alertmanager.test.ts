import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { alertmanager } from "./alertmanager.ts";
import { admission, statusOf, stored, webhookOf } from "./read.fixture.ts";

const settingsOf = (keys: object = {}) =>
  alertmanager.settings.parse({ type: "alertmanager", name: "am", ...keys });
const read = (body: unknown, keys?: object) => alertmanager.read(webhookOf(body), settingsOf(keys));
const recorded = (file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../testdata", file), "utf8")) as {
    readonly alerts: readonly object[];
    readonly groupKey: string;
  };

suite("a group of Alertmanager's", () => {
  const group = recorded("alertmanager-group.json");

  test("is one alert each, with its own status, URL and the group's key", () => {
    assert.deepEqual(
      read(group).map(({ status, dedupKey, targetUrl }) => ({ status, dedupKey, targetUrl })),
      [
        { status: "firing", dedupKey: group.groupKey, targetUrl: "https://shop.example/" },
        { status: "resolved", dedupKey: group.groupKey, targetUrl: null },
      ],
    );
  });

  test("each is stored as the envelope around it alone", () => {
    const [first, second] = read(group);
    const envelope = { ...group, groupStatus: "firing" };
    assert.deepEqual(stored(first?.body), { ...envelope, status: "firing", alerts: [group.alerts[0]] });
    assert.deepEqual(stored(second?.body), { ...envelope, status: "resolved", alerts: [group.alerts[1]] });
  });
});

test("a group of Grafana's: the URL of an annotation, never one of its own", () => {
  const group = recorded("grafana-group.json");
  const [alert, ...others] = read(group);
  assert.deepEqual(others, []);
  assert.deepEqual(
    { ...alert, body: stored(alert?.body) },
    {
      status: "resolved",
      dedupKey: group.groupKey,
      targetUrl: "https://shop.example/basket",
      body: { ...group, groupStatus: "resolved" },
    },
  );
});

const urlOf = (member: object, keys?: object) =>
  read({ alerts: [{ status: "firing", ...member }] }, keys)[0]?.targetUrl;

suite("the URL that an alert is about", () => {
  const cases = [
    { member: { labels: { instance: "https://a.example" } }, url: "https://a.example/" },
    { member: { labels: { instance: "10.0.0.1:9100" } }, url: null },
    { member: { labels: { instance: "localhost:8080/x" } }, url: null },
    { member: { labels: { target: "ftp://a.example" } }, url: null },
    { member: { labels: { url: 7, target: ["https://a.example"] } }, url: null },
    { member: { generatorURL: "https://prometheus.example", dashboardURL: "https://x.example" }, url: null },
    { member: { annotations: { url: "https://b.example/x?y=1" } }, url: "https://b.example/x?y=1" },
    {
      member: { labels: { instance: "https://a.example" }, annotations: { url: "https://b.example" } },
      url: "https://b.example/",
    },
    {
      member: { labels: { url: "https://a.example" }, annotations: { url: "https://b.example" } },
      url: "https://a.example/",
    },
    { member: { labels: { url: "https://me:secret@a.example/" } }, url: "https://a.example/" },
    { member: { labels: null, annotations: null }, url: null },
  ];
  for (const { member, url } of cases) test(JSON.stringify(member), () => assert.equal(urlOf(member), url));

  test("url-label names the only place", () => {
    const labels = { site: "https://a.example", url: "https://b.example" };
    assert.equal(urlOf({ labels }, { "url-label": "site" }), "https://a.example/");
    assert.equal(urlOf({ labels }, { "url-label": "elsewhere" }), null);
  });
});

/** Members as `status url fingerprint`, a dash for no URL. */
function groupOf(members: readonly string[], more: object = {}) {
  const alerts = members.map((text) => {
    const [status = "", url = "-", fingerprint] = text.split(" ");
    return { status, labels: url === "-" ? {} : { url }, fingerprint };
  });
  return { groupKey: "{}:{}", alerts, ...more };
}

suite("a resolved member does not speak for those that still fire", () => {
  const [a, b] = ["https://a.example", "https://b.example"];
  const cases = [
    { members: ["resolved", "resolved"], statuses: ["resolved", "resolved"] },
    { members: ["resolved", "firing"], statuses: ["other", "firing"] },
    { members: [`resolved ${a}`, `firing ${b}`], statuses: ["resolved", "firing"] },
    { members: [`resolved ${a}`, `firing ${a}/`], statuses: ["other", "firing"] },
    { members: ["resolved", `firing ${a}`], statuses: ["resolved", "firing"] },
    { members: [`resolved ${a}`, "firing"], statuses: ["resolved", "firing"] },
    { members: ["suppressed"], statuses: ["firing"] },
    {
      members: ["resolved - 01", "firing - 02"],
      keys: { key: "fingerprint" },
      statuses: ["resolved", "firing"],
    },
    {
      members: [`resolved ${a} 01`, `firing ${a} 02`],
      keys: { key: "fingerprint" },
      statuses: ["other", "firing"],
    },
    { members: ["resolved"], more: { truncatedAlerts: 3 }, statuses: ["other"] },
    {
      members: ["resolved - 01"],
      more: { truncatedAlerts: 3 },
      keys: { key: "fingerprint" },
      statuses: ["resolved"],
    },
    {
      members: ["resolved - 01", "firing - 02"],
      more: { groupKey: undefined },
      statuses: ["resolved", "firing"],
    },
  ];
  for (const { members, more = {}, keys = {}, statuses } of cases) {
    test(`${members.join(", ")} ${JSON.stringify({ ...more, ...keys })}: ${statuses.join(", ")}`, () => {
      assert.deepEqual(
        read(groupOf(members, more), keys).map(({ status }) => status),
        statuses,
      );
    });
  }
});

test("key: fingerprint knows an alert by itself, and keeps the group's key in the body", () => {
  const [alert] = read(groupOf(["firing - 01"]), { key: "fingerprint" });
  assert.equal(alert?.dedupKey, "01");
  assert.equal((stored(alert?.body) as { groupKey: string }).groupKey, "{}:{}");
});

test("the test of a contact point of Grafana's starts nothing", () => {
  const groupKey = "crosscheck-57c6d9296de2ad39-1763780520";
  const test = groupOf(["firing - 57c6d9296de2ad39"], { groupKey, version: "1" });
  assert.equal(read(test)[0]?.status, "other");
});

test("a group whose key only looks like that of a test fires", () => {
  const groupKey = "host-57c6d9296de2ad39-1763780520";
  assert.equal(read(groupOf(["firing - 01"], { groupKey }))[0]?.status, "firing");
});

suite("a webhook that would weigh more than it should", () => {
  test("too many alerts", () => {
    const alerts = Array.from({ length: 2001 }, () => ({ status: "firing" }));
    assert.throws(() => read({ alerts }), /2001 alerts in one group: set max_alerts/);
  });

  test("a heavy envelope around each of many", () => {
    const alerts = Array.from({ length: 200 }, () => ({ status: "firing" }));
    assert.throws(() => read({ alerts, externalURL: "x".repeat(100_000) }), /200 alerts in one group/);
  });
});

const sign = (secret: string, text: string) => createHmac("sha256", secret).update(text).digest("hex");

suite("Grafana's signature", () => {
  const body = '{"alerts":[{"status":"firing"}]}';
  const secrets = ["old secret", "new secret"];
  const statusFor = async (headers: Record<string, string>, keys: object = {}) => {
    const proof = alertmanager.proof?.(settingsOf({ secrets, ...keys }));
    const said = await admission(proof, webhookOf(body, headers), { now: 1_763_780_520_000 });
    return statusOf(said);
  };
  const header = "x-grafana-alerting-signature";

  test("of the body, by one of the secrets", async () => {
    for (const secret of secrets) assert.equal(await statusFor({ [header]: sign(secret, body) }), "admitted");
    assert.equal(await statusFor({ [header]: sign(secrets[0] ?? "", body).toUpperCase() }), "admitted");
  });

  test("of another body, by another secret, cut short, or none", async () => {
    const shown = [
      sign("old secret", `${body} `),
      sign("another", body),
      sign("old secret", body).slice(1),
      "",
    ];
    for (const signature of shown) assert.equal(await statusFor({ [header]: signature }), 401);
    assert.equal(await statusFor({}), 401);
  });

  test("with its time, which has to be about now", async () => {
    const keys = { "timestamp-header": "X-Time", "signature-header": "X-Mine" };
    const at = (seconds: string) =>
      statusFor({ "x-time": seconds, "x-mine": sign("new secret", `${seconds}:${body}`) }, keys);
    assert.equal(await at("1763780520"), "admitted");
    assert.equal(await at("1763780220"), "admitted");
    assert.equal(await at("1763780219"), 401);
    assert.equal(await at("1763780821"), 401);
    assert.equal(await at("soon"), 401);
    assert.equal(await statusFor({ "x-mine": sign("new secret", body) }, keys), 401);
  });

  test("without secrets a token is asked for", () => {
    assert.equal(alertmanager.proof?.(settingsOf()), undefined);
  });
});
