import * as z from "zod";
import { deadline } from "../deadline.ts";
import { attempt, observation } from "../model/observation.ts";
import { verdict } from "../model/verdict.ts";
import type { Fault, SwitchFault } from "./fault.ts";
import { toldMessage } from "./inbox.ts";
import type { ToldMessage } from "./inbox.ts";
import type { World } from "./world.ts";

const time = z.iso.datetime().transform((text) => Date.parse(text));

/** What the demo reads of an incident of the API (docs/http-api.md). */
const incident = z.object({
  id: z.string(),
  state: z.string(),
  runs: z.array(
    z.object({
      verdict: verdict.nullable(),
      observations: z.array(
        observation.extend({
          look: z.int(),
          startedAt: time,
          attempts: z.array(attempt.extend({ startedAt: time })),
        }),
      ),
    }),
  ),
  deliveries: z.array(z.object({ action: z.string(), event: z.string(), state: z.string() })),
});
export type DemoIncident = z.output<typeof incident>;

const answer = z.object({ incidents: z.array(incident).default([]) });

/** Longer than the configuration's `hold`, which bounds every verdict. */
const verdictLimit = { wait: "40s", ms: 45_000 };
const limitMs = 10_000;

/** Pages Crosscheck as a monitor does; gives the incident once it has its verdict, undefined if that never comes. */
export async function sendPage(world: World, page: object): Promise<DemoIncident | undefined> {
  using limit = deadline(world.signal, verdictLimit.ms);
  const init = { method: "POST", body: JSON.stringify(page), signal: limit.signal };
  const response = await request(`${world.server.url}/?wait=${verdictLimit.wait}`, init);
  return answer.parse(await response.json()).incidents[0];
}

export async function readIncident({ server, signal }: World, id: string): Promise<DemoIncident> {
  using limit = deadline(signal, limitMs);
  const response = await request(`${server.url}/api/v1/incidents/${id}`, { signal: limit.signal });
  return incident.parse(await response.json());
}

/** All that anybody was told about a page, oldest first. */
export async function readMessages({ receiver, signal }: World, about: string): Promise<ToldMessage[]> {
  using limit = deadline(signal, limitMs);
  const response = await request(`${receiver.url}/messages`, { signal: limit.signal });
  const messages = z.array(toldMessage).parse(await response.json());
  return messages.filter(({ body }) => body.includes(about));
}

/** Breaks a page of the site, or mends it. */
export async function setFault({ site, signal }: World, page: string, fault: Fault | null): Promise<void> {
  using limit = deadline(signal, limitMs);
  const body = JSON.stringify({ page, fault } satisfies SwitchFault);
  await request(`${site.url}/-/fault`, { method: "POST", body, signal: limit.signal });
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response;
}
