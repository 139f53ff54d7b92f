import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import {
  certificateUrl,
  confirmation,
  makeSnsSigner,
  notification,
  subscribeUrl,
  topic,
  type SnsSigner,
} from "../sns.fixture.ts";
import type { Edge } from "../source-type.ts";
import { makeSelfSigned } from "../../../test/fixtures/certificates.ts";
import { admission, statusOf as statusIn, stored, webhookOf } from "./read.fixture.ts";
import { signedText, snsMessage, snsUrl } from "./sns-message.ts";
import { sns } from "./sns.ts";

const settingsOf = (keys: object = {}) =>
  sns.settings.parse({ type: "sns", name: "aws", topics: [topic], ...keys });
const read = (message: object) => sns.read(webhookOf({ Signature: "", ...message }), settingsOf())[0];

suite("what a notification says", () => {
  const alarm = {
    AlarmName: "latency",
    AlarmArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:latency",
    NewStateReason: "Threshold crossed",
    Trigger: { Namespace: "AWS/ApplicationELB" },
  };
  for (const [NewStateValue, status] of [
    ["ALARM", "firing"],
    ["OK", "resolved"],
    ["INSUFFICIENT_DATA", "firing"],
  ]) {
    test(`an alarm that is ${NewStateValue} is ${status}, and is stored alone`, () => {
      const Message = JSON.stringify({ ...alarm, NewStateValue });
      const { body, ...rest } = read(notification({ Message })) ?? {};
      assert.deepEqual(rest, { status, dedupKey: alarm.AlarmArn, targetUrl: null });
      assert.equal(Buffer.from(body ?? []).toString(), Message);
    });

    test(`the same from EventBridge`, () => {
      const event = {
        "detail-type": "CloudWatch Alarm State Change",
        resources: [alarm.AlarmArn],
        detail: { alarmName: "latency", state: { value: NewStateValue } },
      };
      const { body: _, ...rest } = read(notification({ Message: JSON.stringify(event) })) ?? {};
      assert.deepEqual(rest, { status, dedupKey: alarm.AlarmArn, targetUrl: null });
    });
  }

  test("JSON of somebody's own fires", () => {
    const alert = read(notification({ Message: '{"service":"api"}' }));
    assert.equal(alert?.status, "firing");
    assert.deepEqual(stored(alert?.body), { service: "api" });
  });

  test("text fires, and is stored with what is around it, but for signature and token", () => {
    const message = notification({ Subject: "fire" });
    const { Type, MessageId, TopicArn, Subject, Message, Timestamp } = { Subject: "fire", ...message };
    for (const text of [Message, "[1]", '"quoted"', "null"]) {
      const alert = read({ ...message, Message: text });
      assert.equal(alert?.status, "firing");
      assert.deepEqual(stored(alert?.body), { Type, MessageId, TopicArn, Subject, Message: text, Timestamp });
    }
  });

  test("the two confirmations start nothing, and their token is not kept", () => {
    for (const Type of ["SubscriptionConfirmation", "UnsubscribeConfirmation"]) {
      const alert = read(confirmation({ Type }));
      assert.equal(alert?.status, "other");
      assert.doesNotMatch(Buffer.from(alert?.body ?? []).toString(), /2336412f/);
    }
  });

  test("what is no message of SNS is a fault", () => {
    assert.throws(() => sns.read(webhookOf({ NewStateValue: "ALARM" }), settingsOf()), /no message of SNS/);
  });
});

const text = (message: object) => signedText(snsMessage.parse({ Signature: "", ...message }));

test("what is signed: names and values, a line each, in order, and only what is there", () => {
  const Timestamp = "2026-11-22T03:02:00.000Z";
  const { MessageId } = notification();
  const rest = `Timestamp\n${Timestamp}\nTopicArn\n${topic}\nType\nNotification\n`;
  assert.equal(
    text(notification({ Timestamp, Message: "a\nb" })),
    `Message\na\nb\nMessageId\n${MessageId}\n${rest}`,
  );
  assert.equal(
    text(notification({ Timestamp, Subject: "s" })),
    `Message\nthe house is on fire\nMessageId\n${MessageId}\nSubject\ns\n${rest}`,
  );
  assert.match(
    text(confirmation({ Timestamp })),
    /^Message\n.*\nMessageId\n.*\nSubscribeURL\n.*\nTimestamp\n.*\nToken\n.*\nTopicArn\n.*\nType\nSubscriptionConfirmation\n$/,
  );
});

suite("an address of SNS", () => {
  const own = [
    certificateUrl,
    "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
    "https://sns.us-gov-west-1.amazonaws.com/",
  ];
  for (const url of own) test(url, () => assert.notEqual(snsUrl(url), null));
  const strange = [
    "http://sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
    "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem",
    "https://me@sns.eu-west-1.amazonaws.com/x.pem",
    "https://s3.eu-west-1.amazonaws.com/x.pem",
    "https://sns.a.b.amazonaws.com/x.pem",
    "https://xsns.eu-west-1.amazonaws.com/x.pem",
    "file:///etc/passwd",
    "no URL",
    "",
  ];
  for (const url of strange) test(`not ${url}`, () => assert.equal(snsUrl(url), null));
});

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

suite("the proof", () => {
  let signer: SnsSigner;
  before(async () => {
    signer = await makeSnsSigner();
  });

  /** The Internet as far as SNS is in it: the certificate, and whatever is said to a confirmation. */
  function internet(pages: Readonly<Record<string, string | Error>> = {}) {
    const asked: string[] = [];
    const get: Edge["get"] = (url) => {
      asked.push(url.href);
      const page = { [certificateUrl]: signer.certificate, ...pages }[url.href] ?? new Error("404");
      return typeof page === "string" ? Promise.resolve(page) : Promise.reject(page);
    };
    return { asked, get };
  }
  const judge = (message: unknown, { keys = {}, net = internet(), now = Date.now() } = {}) =>
    admission(sns.proof?.(settingsOf(keys)), webhookOf(message), { get: net.get, now });
  const statusOf = async (...args: Parameters<typeof judge>) => {
    return statusIn(await judge(...args));
  };

  for (const SignatureVersion of ["1", "2"]) {
    test(`version ${SignatureVersion} fits`, async () => {
      assert.equal(await statusOf(signer.sign(notification({ SignatureVersion }))), "admitted");
      assert.equal(await statusOf(signer.sign(notification({ SignatureVersion, Subject: "s" }))), "admitted");
    });

    test(`version ${SignatureVersion} does not fit what was changed after it`, async () => {
      const signed = signer.sign(notification({ SignatureVersion, Subject: "s" }));
      const changes = [{ Message: "all is well" }, { Subject: "t" }, { Subject: null }, { MessageId: "x" }];
      for (const change of changes) assert.equal(await statusOf({ ...signed, ...change }), 403);
      assert.equal(await statusOf({ ...signed, Type: "UnsubscribeConfirmation" }), 403);
      assert.equal(
        await statusOf({ ...signed, SignatureVersion: SignatureVersion === "1" ? "2" : "1" }),
        403,
      );
      for (const Signature of ["", "AAAA", "not base64!"])
        assert.equal(await statusOf({ ...signed, Signature }), 403);
    });
  }

  test("version 1 is refused where version 2 is asked for", async () => {
    const keys = { "require-v2": true };
    assert.equal(await statusOf(signer.sign(notification({ SignatureVersion: "1" })), { keys }), 403);
    assert.equal(await statusOf(signer.sign(notification()), { keys }), "admitted");
  });

  test("another topic, an old time, a stranger's address: nothing is even fetched", async () => {
    const net = internet();
    const bad = [
      { TopicArn: topic.replace("alarms", "mine") },
      { Timestamp: hoursAgo(2.1) },
      { Timestamp: hoursAgo(-2.1) },
      { Timestamp: "now" },
      { SigningCertURL: "https://evil.example/cert.pem" },
      { SigningCertURL: certificateUrl.replace(".pem", ".txt") },
      { SigningCertURL: "https://sns.eu-west-1.amazonaws.com/?x=.pem" },
      { SigningCertURL: `${certificateUrl}?Action=GetTopicAttributes` },
    ];
    for (const change of bad) assert.equal(await statusOf(signer.sign(notification(change)), { net }), 403);
    assert.deepEqual(net.asked, []);
    assert.equal(await statusOf(signer.sign(notification({ Timestamp: hoursAgo(1) })), { net }), "admitted");
  });

  test("what is no message: raw delivery, not JSON", async () => {
    for (const body of ['{"AlarmName":"x"}', "plain", "[]", "null"]) assert.equal(await statusOf(body), 403);
  });

  test("a key that is not RSA fits nothing", async () => {
    const { cert } = await makeSelfSigned({ names: ["sns.amazonaws.com"] });
    assert.equal(
      await statusOf(signer.sign(notification()), { net: internet({ [certificateUrl]: cert }) }),
      403,
    );
  });

  test("a certificate that cannot be had now is 503, and is asked for again", async () => {
    const proof = sns.proof?.(settingsOf());
    const webhook = webhookOf(signer.sign(notification()));
    for (const page of [new Error("no route"), "no certificate"]) {
      const said = await admission(proof, webhook, {
        get: internet({ [certificateUrl]: page }).get,
        now: Date.now(),
      });
      assert.equal(statusIn(said), 503);
    }
    const { get } = internet();
    assert.deepEqual(await admission(proof, webhook, { get, now: Date.now() }), { admitted: true });
  });

  test("a certificate is fetched once, also for those who come together", async () => {
    const proof = sns.proof?.(settingsOf());
    const net = internet();
    const webhook = webhookOf(signer.sign(notification()));
    const edge = { get: net.get, now: Date.now() };
    await Promise.all(Array.from({ length: 5 }, () => admission(proof, webhook, edge)));
    await admission(proof, webhook, edge);
    assert.deepEqual(net.asked, [certificateUrl]);
  });

  test("no more than four certificates are fetched at once", async () => {
    const proof = sns.proof?.(settingsOf());
    const { promise, resolve } = Promise.withResolvers<string>();
    let fetches = 0;
    const get = () => {
      fetches += 1;
      return promise;
    };
    const answers = Array.from({ length: 10 }, (_, index) => {
      const SigningCertURL = certificateUrl.replace("01d0", `${index}`);
      return admission(proof, webhookOf(signer.sign(notification({ SigningCertURL }))), {
        get,
        now: Date.now(),
      });
    });
    resolve(signer.certificate);
    const statuses = (await Promise.all(answers)).map(statusIn);
    assert.equal(fetches, 4);
    assert.equal(statuses.filter((status) => status === "admitted").length, 4);
    assert.equal(statuses.filter((status) => status === 503).length, 6);
  });

  suite("a subscription", () => {
    test("is confirmed, after the signature", async () => {
      const net = internet({ [subscribeUrl]: "<ConfirmSubscriptionResponse/>" });
      assert.equal(await statusOf(signer.sign(confirmation()), { net }), "admitted");
      assert.deepEqual(net.asked, [certificateUrl, subscribeUrl]);
    });

    test("is not confirmed when forged, for another topic, or elsewhere", async () => {
      const net = internet({ [subscribeUrl]: "yes" });
      const forged = { ...signer.sign(confirmation()), Message: "x" };
      const elsewhere = confirmation({ SubscribeURL: "https://evil.example/?Action=ConfirmSubscription" });
      const foreign = confirmation({ TopicArn: `${topic}-2` });
      const none = confirmation({ SubscribeURL: undefined });
      for (const message of [forged, signer.sign(elsewhere), signer.sign(foreign), signer.sign(none)])
        assert.equal(await statusOf(message, { net }), 403);
      assert.deepEqual(new Set(net.asked), new Set([certificateUrl]));
    });

    test("is 503 when it cannot be confirmed now", async () => {
      const net = internet({ [subscribeUrl]: new Error("500") });
      assert.equal(await statusOf(signer.sign(confirmation()), { net }), 503);
    });

    test("that ends asks for nothing", async () => {
      const net = internet({ [subscribeUrl]: "yes" });
      const ended = confirmation({ Type: "UnsubscribeConfirmation" });
      assert.equal(await statusOf(signer.sign(ended), { net }), "admitted");
      assert.deepEqual(net.asked, [certificateUrl]);
    });
  });
});

test("topics are ARNs, and there is one at least", () => {
  assert.throws(() => settingsOf({ topics: [] }));
  assert.throws(() => settingsOf({ topics: ["alarms"] }), /no ARN of a topic/);
  assert.doesNotThrow(() => settingsOf({ topics: ["arn:aws-cn:sns:cn-north-1:123456789012:alarms.fifo"] }));
});
