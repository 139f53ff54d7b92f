import { isIPv6 } from "node:net";
import type { SMTPTransportOptions } from "nodemailer";
import * as z from "zod";
import { deadline } from "../../deadline.ts";
import type { Message } from "../../model/message.ts";
import { secret, settings } from "../../model/settings.ts";
import type { CamelKeys } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { mailContent } from "./email-content.ts";
import { partialFailure, smtpFailure } from "./email-failure.ts";

const hostName = z
  .string()
  .refine(
    (text) => /^[A-Za-z0-9._-]+$/.test(text) || isIPv6(text),
    "a host is a name or an address, without a port or a scheme",
  );

/** `a@b.example`. Nothing in it can end a header or begin another address. */
const mailbox = String.raw`[^\s<>()[\]\\,;:"@\u0000-\u001f]+@[A-Za-z0-9.-]+`;

const recipient = z
  .string()
  .regex(new RegExp(`^${mailbox}$`, "u"), "not a mail address: write it as name@example.com");

const sender = z
  .string()
  .regex(
    new RegExp(`^(?:${mailbox}|[^<>"\\u0000-\\u001f]{1,100} <${mailbox}>)$`, "u"),
    "not a sender: write name@example.com, or Name <name@example.com>",
  );

const shape = {
  type: z.literal("email"),
  ...actionKeys,
  host: hostName.describe("the mail server that sends for you"),
  port: z.int().min(1).max(65_535).default(587).describe("465 speaks TLS from the start"),
  tls: z
    .enum(["starttls", "implicit", "none"])
    .optional()
    .describe(
      "`starttls`: not without it; `implicit`: from the start; default: `implicit` on port 465, else `starttls`; without a password STARTTLS where it is offered",
    ),
  user: z.string().min(1).optional().describe("to log in with"),
  password: secret.optional().describe("sent over TLS only"),
  sender: sender.optional().describe("who it is from; default: `user`"),
  recipients: z.array(recipient).min(1).max(100).describe("who gets it; all stand in To"),
  "client-host-name": hostName
    .optional()
    .describe("what we call ourselves to the server; default: this host's name"),
  "use-mx": z
    .literal(false, {
      error:
        "mail is not carried to the recipients' own servers, which refuse it from most places: name a mail server that sends for you in host, and leave use-mx out",
    })
    .optional()
    .describe("Postee's; only `false` is taken"),
} as const;

type Keys = CamelKeys<z.output<z.ZodObject<typeof shape>>>;

/** Tells people by mail, through a mail server: text and HTML, an incident's mails in one thread. */
export const email = defineAction({
  name: "email",
  kind: "message",
  settings: settings(shape)
    .refine(({ user, password }) => password === undefined || user !== undefined, {
      path: ["user"],
      error: "a password needs a user to log in with",
    })
    .refine(({ password, tls }) => password === undefined || tls !== "none", {
      path: ["tls"],
      error: "a password is sent over TLS only: use starttls or implicit, or leave the password out",
    })
    .refine(({ user, sender: from }) => from !== undefined || sender.safeParse(user).success, {
      path: ["sender"],
      error: "write sender, the address that mails are from: user is none",
    }),
  async send(message, keys, { signal, thread }) {
    // Only who sends mail waits for it to load: that takes longer than all the rest.
    const { createTransport } = await import("nodemailer");
    using limit = deadline(signal, keys.timeout);
    const mail = mailOf(message, keys, thread);
    const sent = await createTransport(transportOf(keys))
      .sendMail({ ...mail, signal: limit.signal })
      .catch((error: unknown) => {
        const why: unknown = limit.signal.aborted ? limit.signal.reason : error;
        throw smtpFailure(why, secretsOf(keys));
      });
    if (sent.rejected.length > 0) throw partialFailure(sent, secretsOf(keys));
    return thread ?? mail.messageId;
  },
});

/** RFC 5322 §3.6.4: the id stays over retries; answers to the incident's first mail make a thread. RFC 3834 §5: nobody's out-of-office answers. */
function mailOf(message: Message, keys: Keys, thread: string | null) {
  const from = keys.sender ?? keys.user ?? "";
  const [, domain = "crosscheck.invalid"] = /@([A-Za-z0-9.-]+)>?$/.exec(from) ?? [];
  return {
    ...mailContent(message),
    from,
    to: [...keys.recipients],
    date: new Date(message.sentAt),
    messageId: `<${message.id}@${domain}>`,
    ...(thread === null ? {} : { inReplyTo: thread, references: [thread] }),
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function transportOf({
  host,
  port,
  tls,
  user,
  password,
  clientHostName,
  timeout,
}: Keys): SMTPTransportOptions {
  const secure = tls === "implicit" || (tls === undefined && port === 465);
  // Our own deadline comes first, and says how long it was.
  const laterMs = timeout + 1000;
  return {
    host,
    port,
    secure,
    requireTLS: !secure && (tls === "starttls" || password !== undefined),
    ignoreTLS: tls === "none",
    name: clientHostName,
    auth: password === undefined ? undefined : { user, pass: password.reference },
    connectionTimeout: laterMs,
    greetingTimeout: laterMs,
    socketTimeout: laterMs,
    dnsTimeout: laterMs,
  };
}

/** As a server may quote them. */
function secretsOf({ user = "", password }: Keys): string[] {
  if (password === undefined) return [];
  const text = password.reference;
  return [text, ...[text, `\0${user}\0${text}`].map((part) => Buffer.from(part).toString("base64"))];
}
