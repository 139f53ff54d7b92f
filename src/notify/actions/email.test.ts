import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { makeAuthority, makeSelfSigned } from "../../../test/fixtures/certificates.ts";
import type { Certificate } from "../../../test/fixtures/certificates.ts";
import { DeliveryError, describeError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { messageText } from "../message-text.ts";
import { composeMessage } from "../message.ts";
import { confirmed, recovered, regional, scenes, trigger } from "../scenes.fixture.ts";
import { mailContent } from "./email-content.ts";
import { email } from "./email.ts";
import { startSmtpServer } from "./smtp-server.fixture.ts";
import type { Mail, Saying, SmtpServer } from "./smtp-server.fixture.ts";

const message = composeMessage(regional);
const password = "pa55w0rd-of-ours";
let certificate: Certificate;
const trusted = getCACertificates("default");

before(async () => {
  const authority = await makeAuthority();
  certificate = await authority.issue({ names: ["127.0.0.1", "localhost"] });
  setDefaultCACertificates([...trusted, authority.cert]);
});
after(() => {
  setDefaultCACertificates(trusted);
});

function settingsFor({ port }: { readonly port: number }, keys: object = {}) {
  const written = {
    sender: "Crosscheck <crosscheck@shop.example>",
    recipients: ["ops@shop.example"],
    ...keys,
  };
  return email.settings.parse({ type: "email", name: "e", host: "127.0.0.1", port, ...written });
}

async function send(
  server: SmtpServer,
  signal: AbortSignal,
  {
    keys = {},
    told = message,
    thread = null,
  }: { keys?: object; told?: Message; thread?: string | null } = {},
): Promise<string | void> {
  return await email.send(told, settingsFor(server, keys), { signal, thread });
}

async function failureOf(work: Promise<unknown>): Promise<DeliveryError> {
  return await work.then(
    () => assert.fail("it was taken"),
    (error: unknown) => (assert.ok(error instanceof DeliveryError), error),
  );
}

/** Headers with their folds undone. */
function headersOf({ data }: Mail): Map<string, string> {
  const [head = ""] = data.split("\r\n\r\n");
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
}

test("a mail's HTML is as in testdata/email-regional.html, its text is the message's", (t) => {
  const { subject, text, html } = mailContent(message);
  assert.equal(subject, message.firstLine);
  assert.equal(text, messageText(message));
  const file = fileURLToPath(new URL("../testdata/email-regional.html", import.meta.url));
  t.assert.fileSnapshot(html, file, { serializers: [String] });
});

test("a mail says who it is from, what it is about, and that a program wrote it", async (t) => {
  await using server = await startSmtpServer();
  const recipients = ["ops@shop.example", "boss@shop.example"];
  const thread = await send(server, t.signal, {
    keys: { recipients, "client-host-name": "checks.shop.example" },
  });
  const [mail] = server.mails;
  assert.ok(mail !== undefined);
  assert.deepEqual([mail.from, mail.to, mail.user], ["crosscheck@shop.example", recipients, null]);
  const headers = headersOf(mail);
  assert.equal(headers.get("from"), "Crosscheck <crosscheck@shop.example>");
  assert.equal(headers.get("to"), "ops@shop.example, boss@shop.example");
  assert.equal(headers.get("subject"), message.firstLine);
  assert.equal(headers.get("auto-submitted"), "auto-generated");
  assert.equal(headers.get("date"), "Sun, 22 Nov 2026 03:02:16 +0000");
  assert.equal(headers.get("message-id"), `<${message.id}@shop.example>`);
  assert.equal(headers.get("in-reply-to"), undefined);
  assert.match(headers.get("content-type") ?? "", /^multipart\/alternative/);
  assert.match(mail.data, /Content-Type: text\/plain/);
  assert.match(mail.data, /Content-Type: text\/html/);
  assert.equal(thread, `<${message.id}@shop.example>`);
  assert.ok(server.lines.includes("EHLO checks.shop.example"));
});

test("later mails answer the incident's first", async (t) => {
  await using server = await startSmtpServer();
  const thread = "<first@shop.example>";
  assert.equal(await send(server, t.signal, { told: composeMessage(recovered), thread }), thread);
  const headers = headersOf(server.mails[0]!);
  assert.equal(headers.get("in-reply-to"), thread);
  assert.equal(headers.get("references"), thread);
});

test("every message can be mailed", async (t) => {
  await using server = await startSmtpServer();
  for (const scene of Object.values(scenes)) await send(server, t.signal, { told: composeMessage(scene) });
  assert.equal(server.mails.length, Object.keys(scenes).length);
});

test("hostile text is no header, no markup and no second mail", async (t) => {
  await using server = await startSmtpServer();
  const text =
    "x\r\nBcc: evil@evil.example\r\n.\r\nMAIL FROM:<a@b>\r\n<script>alert('1')</script>\u0000\ud800";
  const told = composeMessage({
    ...confirmed,
    incident: { ...confirmed.incident, subject: text },
    verdict: { ...confirmed.verdict!, summary: text, notTested: [text] },
  });
  await send(server, t.signal, { told });
  const rendered = { title: text, description: "<b>fine</b>", url: null };
  await send(server, t.signal, { told: composeMessage({ ...trigger, rendered }) });
  assert.equal(server.mails.length, 2);
  for (const mail of server.mails) {
    assert.deepEqual(mail.to, ["ops@shop.example"]);
    assert.equal(headersOf(mail).get("bcc"), undefined);
  }
  assert.doesNotMatch(mailContent(told).html, /<script>/);
});

test("a template's title is the subject, its text the HTML", () => {
  const rendered = { title: "Scan of\nimg", description: "<b>37</b> CVEs", url: null };
  const told = composeMessage({ ...trigger, rendered });
  assert.deepEqual(mailContent(told), {
    subject: "Scan of img",
    text: messageText(told),
    html: "<b>37</b> CVEs",
  });
  const untitled = composeMessage({ ...trigger, rendered: { ...rendered, title: " " } });
  assert.equal(mailContent(untitled).subject, untitled.firstLine);
});

test("a password goes over TLS: by STARTTLS, or from the start", async (t) => {
  for (const implicit of [false, true]) {
    await using server = await startSmtpServer({ certificate, implicit });
    const keys = { user: "crosscheck", password, ...(implicit ? { tls: "implicit" } : {}) };
    await send(server, t.signal, { keys });
    assert.deepEqual([server.mails[0]?.user, server.mails[0]?.isEncrypted], ["crosscheck", true]);
  }
});

test("without a password TLS is used where it is offered, and left out when told so", async (t) => {
  const cases = [
    [{}, certificate, true],
    [{}, undefined, false],
    [{ tls: "none" }, certificate, false],
  ] as const;
  for (const [keys, offered, isEncrypted] of cases) {
    await using server = await startSmtpServer(offered === undefined ? {} : { certificate: offered });
    await send(server, t.signal, { keys });
    assert.equal(server.mails[0]?.isEncrypted, isEncrypted);
  }
});

test("a server without TLS, or with a certificate of nobody's, gets neither password nor mail", async (t) => {
  const foreign = await makeSelfSigned({ names: ["127.0.0.1"] });
  const cases = [
    [{}, true, /^the mail server refuses STARTTLS, and tls asks for it: 502 no$/],
    [{ certificate: foreign }, false, /^the mail was not sent: .*self-signed certificate/],
  ] as const;
  for (const [options, permanent, text] of cases) {
    await using server = await startSmtpServer(options);
    for (const keys of [{ user: "crosscheck", password }, { tls: "starttls" }]) {
      const failure = await failureOf(send(server, t.signal, { keys }));
      assert.equal(failure.permanent, permanent);
      assert.match(failure.message, text);
    }
    assert.deepEqual(server.mails, []);
    assert.ok(!server.lines.some((line) => line.startsWith("AUTH")));
  }
});

const at =
  (start: string, answer: string): Saying =>
  (line) =>
    line.startsWith(start) ? answer : undefined;
const quotation: Saying = (line) =>
  line.startsWith("AUTH")
    ? `535 5.7.8 no such user: ${line} ${Buffer.from(line.slice(11), "base64").toString()}`
    : undefined;

const hangingUp = at("AUTH", "reset");

test("what the server says decides whether to try again", async (t) => {
  const cases: readonly [what: string, say: Saying, message: RegExp, permanent: boolean][] = [
    ["busy", (line) => (line === "" ? "421 4.3.2 try later" : undefined), /421 4\.3\.2 try later/, false],
    ["login", quotation, /^the mail server answers 535 5\.7\.8 no such user: AUTH PLAIN \[secret\]/, true],
    ["login, for now", at("AUTH", "454 4.7.0 later"), /answers 454/, false],
    ["sender", at("MAIL", "550 5.1.8 who are you"), /answers 550 5\.1\.8 who are you/, true],
    ["greylisted", at("RCPT", "450 4.2.0 greylisted"), /answers 450 4\.2\.0 greylisted/, false],
    ["nobody there", at("RCPT", "550 5.1.1 no such user"), /answers 550 5\.1\.1 no such user/, true],
    ["full", at(".", "452 4.3.1 disk full"), /answers 452/, false],
    ["spam", at(".", "554 5.7.1 spam"), /answers 554 5\.7\.1 spam/, true],
    ["reset", at("DATA", "reset"), /^the mail was not sent: /, false],
    ["no mail server", (line) => (line === "" ? "HTTP/1.1 400 Bad Request" : undefined), /./, false],
  ];
  for (const [what, say, text, permanent] of cases) {
    await using server = await startSmtpServer({ certificate, say });
    const failure = await failureOf(send(server, t.signal, { keys: { user: "crosscheck", password } }));
    assert.match(failure.message, text, what);
    assert.equal(failure.permanent, permanent, what);
    assert.deepEqual(server.mails, []);
  }
});

test("who was refused is named; who has the mail is not sent it again for good", async (t) => {
  const cases = [
    ["550 5.1.1 no such user", true],
    ["450 4.2.0 greylisted", false],
  ] as const;
  for (const [answer, permanent] of cases) {
    const say: Saying = (line) => (line === "RCPT TO:<gone@shop.example>" ? answer : undefined);
    await using server = await startSmtpServer({ say });
    const keys = { recipients: ["ops@shop.example", "gone@shop.example"] };
    const failure = await failureOf(send(server, t.signal, { keys }));
    assert.equal(
      failure.message,
      `the mail server refuses gone@shop.example (${answer}); the others have it`,
    );
    assert.equal(failure.permanent, permanent);
    assert.deepEqual(server.mails[0]?.to, ["ops@shop.example"]);
  }
});

test("a server that says nothing is left when time is up, and when we stop", async (t) => {
  for (const silentAt of ["", "MAIL", "."]) {
    await using server = await startSmtpServer({
      say: (line) => (line.startsWith(silentAt) ? null : undefined),
    });
    const late = await failureOf(send(server, t.signal, { keys: { timeout: "2s" } }));
    assert.deepEqual(
      [late.message, late.permanent],
      ["the mail was not sent: no answer within 2000 ms", false],
    );
    const stopped = await failureOf(send(server, AbortSignal.timeout(100)));
    assert.equal(stopped.permanent, false);
  }
});

test("no failure shows the password", async (t) => {
  await using server = await startSmtpServer({ certificate, say: hangingUp });
  const keys = { user: "crosscheck", password };
  const failures = await Promise.all([
    failureOf(send(server, t.signal, { keys })),
    failureOf(send(server, AbortSignal.abort(new Error("stopping")), { keys })),
    failureOf(
      email.send(message, settingsFor({ port: 1 }, keys), {
        signal: t.signal,
        thread: null,
      }) as Promise<unknown>,
    ),
  ]);
  for (const failure of failures) {
    const shown = `${describeError(failure)} ${failure.stack}`;
    for (const secret of [password, Buffer.from(password).toString("base64")])
      assert.ok(!shown.includes(secret));
  }
});

test("settings are refused with a reason", () => {
  const mail = {
    type: "email",
    name: "e",
    host: "mail.example",
    recipients: ["a@b.example"],
    sender: "c@d.example",
  };
  const cases: readonly [keys: object, path: string, message: RegExp][] = [
    [{ password }, "user", /needs a user/],
    [{ user: "u", password, tls: "none" }, "tls", /over TLS only/],
    [{ sender: undefined }, "sender", /write sender/],
    [{ sender: undefined, user: "u" }, "sender", /user is none/],
    [{ sender: "a@b.example\r\nBcc: c@d.example" }, "sender", /not a sender/],
    [{ recipients: ["a@b.example\r\nBcc: c@d.example"] }, "recipients.0", /not a mail address/],
    [{ recipients: ["a@b.example, c@d.example"] }, "recipients.0", /not a mail address/],
    [{ recipients: ["<%application_scope_owner%>"] }, "recipients.0", /not a mail address/],
    [{ recipients: [] }, "recipients", /./],
    [{ host: "mail.example:25" }, "host", /without a port/],
    [{ port: 0 }, "port", /./],
    [{ "use-mx": true }, "use-mx", /leave use-mx out/],
  ];
  for (const [keys, path, reason] of cases) {
    const [issue] = email.settings.safeParse({ ...mail, ...keys }).error?.issues ?? [];
    assert.equal(issue?.path.join("."), path, JSON.stringify(keys));
    assert.match(issue?.message ?? "", reason);
  }
  email.settings.parse({ ...mail, "use-mx": false, user: "e@f.example", sender: undefined });
});
