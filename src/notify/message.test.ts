import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Contrast, ContrastFactor } from "../model/contrast.ts";
import type { Evidence } from "../model/verdict.ts";
import type { ObservationOutcome } from "../model/observation.ts";
import { alert, alertAt, delivery, factsOf, incident, minutes, observation } from "./facts.fixture.ts";
import type { MessageFacts } from "./message-facts.ts";
import { composeMessage } from "./message.ts";
import { messageText } from "./message-text.ts";
import { confirmed, inconclusive, recovered, regional, scenes, spared, trigger } from "./scenes.fixture.ts";

for (const [name, scene] of Object.entries(scenes))
  test(`the ${name} message reads as in testdata/${name}.txt`, (t) => {
    const file = fileURLToPath(new URL(`testdata/${name}.txt`, import.meta.url));
    t.assert.fileSnapshot(messageText(composeMessage(scene)), file, {
      serializers: [(text) => `${String(text)}\n`],
    });
  });

const longUrl = `https://shop.example/${"catalogue/".repeat(30)}`;

function about(subject: string, scene: MessageFacts): MessageFacts {
  return { ...scene, incident: { ...scene.incident, subject } };
}

test("the first line says headline, subject, cause and since in 120 characters", () => {
  const { verdict } = confirmed;
  assert.ok(verdict !== null);
  const flapping = { ...incident, flags: ["flapping"] };
  const of503 = ["eu", "apac", "na"].map((location) => {
    const seen = observation(location, { outcome: "fail", errorClass: "http.status" });
    return { ...seen, http: { ...seen.http!, statusCode: 503 } };
  });
  const status = { ...verdict, scope: { ...verdict.scope, errorClass: "http.status" } };
  const oneLayer = { ...verdict, scope: { ...verdict.scope, errorClass: null } };
  const mixed = { ...verdict, scope: { ...verdict.scope, layer: null, errorClass: null } };
  const scoped = {
    ...verdict,
    scope: { ...verdict.scope, sentence: "fails only at 203.0.113.8 of 4 addresses" },
  };
  const insisting = {
    ...delivery,
    notice: { alertId: null, note: "sender insists; not visible from outside" },
  };
  const cases: readonly [what: string, facts: MessageFacts, line: string][] = [
    [
      "a status",
      { ...confirmed, verdict: status, observations: of503 },
      "DOWN 3/3 https://shop.example: HTTP 503, since 03:02Z",
    ],
    [
      "no one cause",
      { ...confirmed, verdict: mixed },
      "DOWN 3/3 https://shop.example: fails in several ways, since 03:02Z",
    ],
    [
      "no one cause in one layer",
      { ...confirmed, verdict: oneLayer },
      "DOWN 3/3 https://shop.example: TCP fails in several ways, since 03:02Z",
    ],
    [
      "a scope",
      { ...confirmed, verdict: { ...scoped, reason: "intermittent" } },
      "DOWN 3/3 https://shop.example: connection refused, only at 203.0.113.8 of 4 addresses, since 03:02Z",
    ],
    [
      "intermittent",
      { ...confirmed, verdict: { ...verdict, reason: "intermittent" } },
      "DOWN 3/3 https://shop.example: connection refused, at times, since 03:02Z",
    ],
    [
      "flapping",
      { ...confirmed, incident: flapping },
      "FLAPPING DOWN 3/3 https://shop.example: connection refused, since 03:02Z",
    ],
    [
      "flapping, and healthy just now",
      { ...spared, incident: flapping, delivery: insisting },
      "FLAPPING 3/3 ok now https://shop.example: sender insists, alert of 03:02Z",
    ],
    [
      "the next day",
      { ...confirmed, run: null, delivery: { ...delivery, event: "change" }, now: alertAt + minutes(1440) },
      "DOWN 3/3 https://shop.example: connection refused, since 2026-11-22 03:02Z",
    ],
    [
      "sent late",
      { ...confirmed, now: alertAt + minutes(38) },
      "DOWN 3/3 https://shop.example: connection refused, since 03:02Z, sent 03:40Z",
    ],
    [
      "checked late",
      { ...confirmed, run: null, now: alertAt + minutes(19) },
      "DOWN 3/3 https://shop.example: connection refused, received 03:02Z, checked 03:21Z",
    ],
    [
      "spared, then told",
      { ...spared, delivery: insisting },
      "NOT SEEN FROM OUTSIDE 3/3 ok https://shop.example: sender insists, alert of 03:02Z",
    ],
    [
      "no verdict at all",
      factsOf("verdict"),
      "COULD NOT CHECK, treat as real https://shop.example, alert of 03:02Z",
    ],
    [
      "a resolved alert that nobody checks",
      { ...trigger, plan: { ...trigger.plan!, checks: [] }, alert: { ...alert, status: "resolved" } },
      "RECEIVED https://shop.example: the sender says resolved",
    ],
    [
      "long subject",
      about(longUrl, confirmed),
      `DOWN 3/3 ${longUrl.slice(0, 76)}…: connection refused, since 03:02Z`,
    ],
    [
      "long subject, little room",
      about(longUrl, { ...inconclusive, run: null, now: alertAt + minutes(19) }),
      `COULD NOT CHECK, treat as real ${longUrl.slice(0, 39)}…: too few locat…, received 03:02Z, checked 03:21Z`,
    ],
  ];
  for (const [what, facts, line] of cases) assert.equal(composeMessage(facts).firstLine, line, what);
});

const hostile: Readonly<Record<string, string>> = {
  "a forged line": "shop\nRECOVERED https://shop.example",
  "a mention": "<!channel> <https://evil.example|click> & *bold*",
  "an override": "shop\u202eelpmaxe",
  "a terminal's colours": "\u001b[31mshop\u001b[2J",
  "half a character": "shop\ud83d",
  "100 kB": "shop".repeat(25_000),
  "100 kB of emoji": "🔥".repeat(50_000),
  "100 kB of space": `a${" ".repeat(100_000)}b`,
  nothing: "",
};

for (const [what, text] of Object.entries(hostile))
  test(`${what} in every text leaves a plain, short message`, () => {
    for (const scene of Object.values(scenes)) {
      const { verdict } = scene;
      const message = composeMessage({
        ...about(text, scene),
        delivery: { ...scene.delivery, notice: { alertId: null, note: text } },
        observations: scene.observations.map((seen) => ({ ...seen, message: text })),
        verdict:
          verdict === null
            ? null
            : { ...verdict, summary: text, headline: text, notTested: Array(99).fill(text) },
      });
      const shown = messageText(message);
      assert.ok(message.firstLine.length <= 120, message.firstLine);
      assert.ok(!message.firstLine.includes("\n"));
      assert.doesNotMatch(shown.replaceAll("\n", ""), /[\p{Cc}\u202a-\u202e]/u);
      assert.ok(shown.isWellFormed());
      assert.ok(shown.length < 20_000, String(shown.length));
    }
  });

function shown(location: string, command: string): Evidence {
  return { check: "storefront", location, command, changes: [] };
}

test("a line for a shell is told whole, once for all the locations that it is for, or not at all", () => {
  const evidence = [
    shown("eu", "curl a"),
    shown("na", "curl a"),
    shown("apac", "curl b"),
    shown("sa", "curl \u202ec"),
    shown("me", ""),
  ];
  const { verdict } = confirmed;
  assert.ok(verdict !== null);
  const message = composeMessage({ ...confirmed, verdict: { ...verdict, evidence } });
  assert.deepEqual(message.evidence, [
    { from: "eu and na", command: "curl a" },
    { from: "apac", command: "curl b" },
  ]);
});

function changed(
  location: string,
  factor: ContrastFactor,
  value: string,
  outcome: ObservationOutcome,
): Contrast {
  return { check: "storefront", location, factor, value, outcome, errorClass: null, message: "" };
}

test("what was changed one at a time is told with what came of it", () => {
  const contrasts = [
    changed("eu", "ip-family", "IPv4", "pass"),
    changed("eu", "address", "203.0.113.8", "pass"),
    changed("eu", "http-version", "HTTP/1.1", "fail"),
    changed("na", "resolver", "1.1.1.1", "error"),
    changed("apac", "resolver", "1.1.1.1", "error"),
    changed("sa", "redirects", "not followed", "degraded"),
  ];
  assert.deepEqual(composeMessage({ ...confirmed, contrasts }).contrasts, [
    "from eu it works over IPv4 and at 203.0.113.8; it fails over HTTP/1.1 as well",
    "from na and apac it could not be tried via resolver 1.1.1.1",
    "from sa it works, but slowly, without following redirects",
  ]);
  assert.deepEqual(composeMessage({ ...recovered, contrasts }).contrasts, []);
});

test("only web addresses become links", () => {
  const { plan } = confirmed;
  assert.ok(plan !== null);
  const message = composeMessage({
    ...confirmed,
    plan: { ...plan, runbook: "javascript:alert(1)" },
    publicUrl: null,
  });
  assert.equal(message.runbook, null);
  assert.equal(message.link, null);
  const { link } = composeMessage({ ...confirmed, publicUrl: "https://ops.example/crosscheck/" });
  assert.equal(link, `https://ops.example/crosscheck/incidents/${incident.id}`);
});

test("the alert's body is text where it is text, else base64", () => {
  const bytes = Uint8Array.of(0xff, 0xfe, 0x00);
  const cases: readonly [body: Uint8Array, encoding: string, text: string][] = [
    [new TextEncoder().encode("\ufeffé"), "utf-8", "\ufeffé"],
    [bytes, "base64", "//4A"],
  ];
  for (const [body, encoding, text] of cases) {
    const message = composeMessage({ ...confirmed, alert: { ...alert, body } });
    assert.deepEqual([message.alert?.encoding, message.alert?.body], [encoding, text]);
  }
});

test("what happens next follows the incident", () => {
  const { incident } = confirmed;
  const cases: readonly [what: string, facts: MessageFacts, next: readonly string[]][] = [
    ["nothing to check", { ...trigger, plan: { ...trigger.plan!, checks: [] } }, []],
    [
      "muted",
      { ...confirmed, incident: { ...incident, flags: ["muted"], nextRunAt: null } },
      [
        "muted: tells nobody before it is over",
        "checks again in 30 s, and tells when it gets worse or is over",
      ],
    ],
    [
      "flapping",
      {
        ...regional,
        incident: { ...incident, flags: ["flapping"], told: null, state: "closed" },
        plan: null,
      },
      ["keeps this open until it has been clean for 30 min: it is flapping"],
    ],
    [
      "watched on",
      {
        ...spared,
        incident: { ...spared.incident, watchStep: 1, told: null },
        plan: { ...spared.plan!, kinds: {} },
      },
      ["watching: looks again after 3 and 10 min, and tells if it turns bad"],
    ],
    [
      "closed",
      { ...confirmed, incident: { ...incident, state: "closed", told: null } },
      ["did not tell pagerduty: nobody is woken"],
    ],
    ["recovered", recovered, ["opens this incident again if it fails within 15 min"]],
  ];
  for (const [what, facts, next] of cases) assert.deepEqual(composeMessage(facts).next, next, what);
});

test("a location's line says what it saw and where", () => {
  const seen = observation("eu");
  const bad = { outcome: "fail", errorClass: "tcp.refused", message: "" } as const;
  const tries = [
    { ...seen, ...bad, remoteAddress: "203.0.113.8", sample: 1, number: 1, startedAt: 0 },
    { ...seen, remoteAddress: "203.0.113.7", sample: 2, number: 1, startedAt: 0 },
  ];
  const phases = "(dns 3, tcp 40, tls 18, first byte 88, download 2 ms)";
  const { verdict } = spared;
  assert.ok(verdict !== null);
  const [check] = verdict.checks;
  assert.ok(check !== undefined);
  const votedBy = (vote: "flaky" | "none" | "pass") => ({
    ...verdict,
    checks: [
      {
        ...check,
        domains: [{ domain: "eu", vote, locations: [{ location: "eu", vote, excuse: null, note: "" }] }],
      },
    ],
  });
  const cases: readonly [
    what: string,
    vote: "flaky" | "none" | "pass",
    seen: readonly (typeof seen)[],
    text: string,
  ][] = [
    ["silence", "none", [], "no answer in time"],
    [
      "no vote though it saw something",
      "none",
      [{ ...seen, ...bad }],
      `not counted: connection refused at 203.0.113.7 ${phases}`,
    ],
    [
      "one bad address",
      "flaky",
      [{ ...seen, ...bad, attempts: tries }],
      `1 of 2 tries failed: connection refused, only at 203.0.113.8, not at 203.0.113.7 ${phases}`,
    ],
    [
      "bad on the first look only",
      "flaky",
      [{ ...seen, ...bad, message: "refused by 203.0.113.7" }, seen],
      `refused by 203.0.113.7 ${phases}`,
    ],
    [
      "several good addresses",
      "pass",
      [{ ...seen, attempts: tries.map((one) => ({ ...one, outcome: "pass" as const })) }],
      `HTTP 200 in 152 ms at 2 addresses ${phases}`,
    ],
  ];
  for (const [what, vote, observations, text] of cases) {
    const [line] = composeMessage({ ...spared, verdict: votedBy(vote), observations }).locations;
    assert.equal(line?.text, text, what);
  }
});

function inShadow(scene: MessageFacts, inEarnest: readonly string[]): MessageFacts {
  return { ...scene, plan: { ...scene.plan!, mode: "shadow" }, inEarnest };
}

test("a route in shadow says in its first line that it is, within 120 characters, and what it would have done", () => {
  const cases: readonly [facts: MessageFacts, would: string][] = [
    [inShadow(confirmed, ["pagerduty", "slack"]), "shadow: would have rung pagerduty and told slack"],
    [inShadow(spared, ["slack"]), "shadow: would have spared the page and told slack"],
    [inShadow(spared, []), "shadow: would have spared the page"],
    [inShadow(about(longUrl, inconclusive), ["pagerduty"]), "shadow: would have rung pagerduty"],
  ];
  for (const [facts, would] of cases) {
    const { firstLine, next } = composeMessage(facts);
    assert.match(firstLine, /^SHADOW [A-Z]/);
    assert.ok(firstLine.length <= 120, firstLine);
    assert.ok(next.includes(would), next.join("\n"));
  }
  const rung = inShadow(spared, ["slack"]);
  const atArrival = composeMessage({ ...rung, plan: { ...rung.plan!, actions: ["pagerduty"] } });
  assert.ok(atArrival.next.includes("shadow: would have rung pagerduty and told slack"));
  assert.match(composeMessage(inShadow(trigger, [])).firstLine, /^SHADOW CHECKING /);
  assert.match(composeMessage(inShadow(recovered, [])).firstLine, /^SHADOW RECOVERED /);
});
