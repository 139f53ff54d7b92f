import * as z from "zod";
import { alertInput } from "../../model/alert.ts";
import type { AlertStatus } from "../../model/alert.ts";
import { name, settings } from "../../model/settings.ts";
import { senderTokens } from "../sender-tokens.ts";
import { defineSource } from "../source-type.ts";
import type { ReadAlert, Webhook } from "../source-type.ts";
import { snsMessage } from "./sns-message.ts";
import type { SnsMessage } from "./sns-message.ts";
import { snsProof } from "./sns-proof.ts";

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html: what an alarm's action posts. */
const alarmAction = z.object({ NewStateValue: z.string(), AlarmArn: z.string().nullish() });

/** The same as an event of EventBridge. */
const alarmEvent = z.object({
  "detail-type": z.literal("CloudWatch Alarm State Change"),
  resources: z.array(z.string()).nullish(),
  detail: z.object({ state: z.object({ value: z.string() }) }),
});

/** Amazon SNS over HTTPS, and CloudWatch's alarms in it. */
export const sns = defineSource({
  name: "sns",
  settings: settings({
    type: z.literal("sns"),
    name: name.describe("the last part of its URL: `/alerts/{name}`"),
    token: senderTokens.token.describe(
      "asked for beside the signature: `?token=…` in the subscription's URL",
    ),
    tokens: senderTokens.tokens,
    topics: z
      .array(
        z
          .string()
          .regex(/^arn:aws[a-z-]*:sns:/, "this is no ARN of a topic: arn:aws:sns:REGION:ACCOUNT:NAME"),
      )
      .min(1)
      .describe(
        "ARNs of the topics that may send: a subscription to one is confirmed, all others are refused",
      ),
    "require-v2": z
      .boolean()
      .prefault(false)
      .describe(
        "refuses signatures over SHA-1, which a topic makes until its `SignatureVersion` is set to 2",
      ),
  }),
  proof: ({ topics, requireV2 }) => snsProof({ topics, requireV2 }),
  read({ json }: Webhook) {
    const parsed = snsMessage.safeParse(json);
    if (!parsed.success) throw new Error("it is no message of SNS");
    return [readMessage(parsed.data)];
  },
});

function readMessage(message: SnsMessage): ReadAlert {
  const body = Buffer.from(message.Message);
  const json = alertInput({ body });
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  if (message.Type !== "Notification" || !isObject) {
    const status = message.Type === "Notification" ? "firing" : "other";
    return { status, dedupKey: null, targetUrl: null, body: plainBody(message) };
  }
  const { state, arn } = alarmIn(json);
  return { status: statusOf(state), dedupKey: arn, targetUrl: null, body };
}

/** Without what only SNS needs: a Token may confirm and end subscriptions. */
function plainBody({ Type, MessageId, TopicArn, Subject, Message, Timestamp }: SnsMessage): Uint8Array {
  return Buffer.from(JSON.stringify({ Type, MessageId, TopicArn, Subject, Message, Timestamp }));
}

interface Alarm {
  readonly state: string | null;
  readonly arn: string | null;
}

function alarmIn(json: object): Alarm {
  const action = alarmAction.safeParse(json).data;
  if (action !== undefined) return { state: action.NewStateValue, arn: action.AlarmArn ?? null };
  const event = alarmEvent.safeParse(json).data;
  return { state: event?.detail.state.value ?? null, arn: event?.resources?.[0] ?? null };
}

/**
 * `INSUFFICIENT_DATA` fires: a service that is gone sends no figures either, and CloudWatch tells it only where somebody has
 * asked for it. So does what is no alarm.
 */
function statusOf(state: string | null): AlertStatus {
  return state === "OK" ? "resolved" : "firing";
}
