/** The thread in which this machine probes; prober.ts is its other end. */
import { parentPort, workerData } from "node:worker_threads";
import { ConfigError, describeError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { goAheadForProbing } from "../priority.ts";
import { HeartbeatGiver } from "./heartbeat.ts";
import { runProbe } from "./run-probe.ts";
import { warmUp } from "./warm-up.ts";

export type Question =
  | { readonly number: number; readonly request: ProbeRequest }
  | { readonly number: number; readonly cancel: true }
  /** A sign of life is wanted. */
  | { readonly ping: true };

/** Errors lose their class on the way between threads. */
export type Reply =
  | { readonly ready: true }
  | { readonly number: number; readonly observation: Observation }
  | { readonly number: number; readonly faults: readonly string[] }
  | { readonly number: number; readonly bug: string };

const heartbeat = new HeartbeatGiver(workerData as SharedArrayBuffer);
const running = new Map<number, AbortController>();

async function answer(number: number, request: ProbeRequest): Promise<Reply> {
  const controller = new AbortController();
  running.set(number, controller);
  try {
    const { signal } = controller;
    return { number, observation: await runProbe(request, { signal, hold: heartbeat.holdFor(number) }) };
  } catch (error) {
    return error instanceof ConfigError
      ? { number, faults: error.faults }
      : { number, bug: describeError(error) };
  } finally {
    running.delete(number);
  }
}

async function receive(question: Question): Promise<void> {
  if ("ping" in question) heartbeat.beat();
  else if ("cancel" in question) running.get(question.number)?.abort();
  else parentPort?.postMessage(await answer(question.number, question.request), []);
}

parentPort?.on("message", (question: Question) => {
  void receive(question);
});
goAheadForProbing();
await warmUp();
parentPort?.postMessage({ ready: true } satisfies Reply, []);
