/** What the answer of a function that is not Crosscheck's says of the site that it checks. Pure. */
import * as z from "zod";
import { LocationError } from "../../model/errors.ts";
import type { Observation } from "../../model/observation.ts";
import { answered, jsonOf, readObservation, type HttpAnswer } from "./ask.ts";

export type ForeignAnswer =
  /** It speaks the probe protocol after all: what it saw. */
  | { readonly kind: "observation"; readonly observation: Observation }
  /** `text`: what it says, cut; empty when it says nothing. */
  | { readonly kind: "pass"; readonly text: string }
  | { readonly kind: "fail"; readonly errorClass: typeof functionError; readonly message: string }
  /** No vote. */
  | {
      readonly kind: "error";
      readonly error: LocationError;
      /** It may do better when asked once more. */
      readonly retryable: boolean;
    };

/** The function failed its check; why is in its log only. The target's fault, in the layer `http`. */
export const functionError = "http.function-error";

const textLimit = 200;

/**
 * Function URLs answer 502 `Internal Server Error` for whatever a function throws, and for a function that crashes or
 * runs out of time, so that a 502 is how the walkthrough's function says no. 504 is what emulators say for the latter.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function judgeForeignAnswer(answer: HttpAnswer): ForeignAnswer {
  const { status, text, elapsedMs } = answer;
  if (status >= 200 && status < 300) return judgeWords(text);
  const after = `after ${(elapsedMs / 1000).toFixed(1)} s`;
  if (status === 502) {
    return fail(
      `the function answered 502 ${after}: it threw, crashed or ran out of time; its log says which`,
    );
  }
  if (status === 504) return fail(`the function answered 504 ${after}: it ran out of time; see its log`);
  const errorClass = classes[status] ?? "location.protocol";
  const error = new LocationError(errorClass, `${answered("the function", answer)}${hints[status] ?? ""}`);
  return { kind: "error", error, retryable: status === 429 || status >= 500 };
}

const classes: Readonly<Partial<Record<number, LocationError["errorClass"]>>> = {
  401: "location.unauthorized",
  403: "location.unauthorized",
  429: "location.throttled",
};

/** What to look at. */
const hints: Readonly<Partial<Record<number, string>>> = {
  403: "; callers need lambda:InvokeFunctionUrl and lambda:InvokeFunction, and a URL that is gone answers the same",
  404: "; is its URL right?",
  429: "; has it enough concurrency?",
};

/** What says that it is of the protocol must be: half an observation is no proof of health. */
const claimsProtocol = z.object({ version: z.number(), observation: z.unknown() });

/** How Lambda writes an error. Gateways and emulators in front of a function pass it on with a 200. */
const lambdaError = z.object({ errorType: z.string(), errorMessage: z.string() });

function judgeWords(text: string): ForeignAnswer {
  const json = jsonOf(text);
  if (claimsProtocol.safeParse(json).success) return judgeProtocol(text);
  const { data } = lambdaError.safeParse(json);
  if (data !== undefined)
    return fail(`the function failed: ${cut(`${data.errorType}: ${data.errorMessage}`)}`);
  // A string that a function returns is sent as it is, or as JSON: the documentation and the service differ.
  return { kind: "pass", text: cut(typeof json === "string" ? json : text) };
}

function judgeProtocol(text: string): ForeignAnswer {
  try {
    return { kind: "observation", observation: readObservation(text, "the function") };
  } catch (error) {
    if (!(error instanceof LocationError)) throw error;
    return { kind: "error", error, retryable: false };
  }
}

function fail(message: string): ForeignAnswer {
  return { kind: "fail", errorClass: functionError, message };
}

/** One line, and not a long one. */
function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > textLimit ? `${line.slice(0, textLimit - 1)}…` : line;
}
