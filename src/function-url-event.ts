/**
 * What a Lambda function URL hands to its function, and takes from it: payload format 2.0,
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import * as z from "zod";

const eventShape = z.object({
  version: z.literal("2.0"),
  /** Names in lower case. */
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authorizer: z.object({ iam: z.unknown().optional() }).nullish(),
  }),
});

export interface FunctionUrlRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** AWS has checked a signature. */
  readonly signed: boolean;
}

export interface FunctionUrlResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request in an event; undefined for an event that came another way, such as by the Invoke API. */
export function readFunctionUrlEvent(event: unknown): FunctionUrlRequest | undefined {
  const { data } = eventShape.safeParse(event);
  if (data === undefined) return undefined;
  const { headers, requestContext } = data;
  const body = Buffer.from(data.body ?? "", data.isBase64Encoded ? "base64" : "utf8").toString();
  const signed = (requestContext.authorizer?.iam ?? null) !== null;
  return { method: requestContext.http.method, headers, body, signed };
}
