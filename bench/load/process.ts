/** Sends alerts; load.ts is its other end. */
import { setTimeout as sleep } from "node:timers/promises";
import { nowMs } from "../clock.ts";
import { serveParent } from "../helper.ts";
import { requestOf } from "./alert.ts";
import { Connection } from "./connection.ts";
import type { LoadResult, LoadSpec, Pace } from "./spec.ts";

interface Answered {
  readonly number: number;
  readonly status: number;
  /** When it was sent, or should have been. */
  readonly from: number;
  readonly at: number;
}

serveParent(send);

async function send(spec: LoadSpec): Promise<LoadResult> {
  using opened = new DisposableStack();
  const opening = Array.from({ length: spec.connections }, () => Connection.open(spec.url));
  const connections = (await Promise.all(opening)).map((connection) => opened.use(connection));
  const answered: Answered[] = [];
  let last = 0;
  const post = async (connection: Connection, from?: number): Promise<void> => {
    const number = last;
    last += 1;
    const request = requestOf(spec, number);
    const sentAt = from ?? nowMs();
    const status = await connection.send(request);
    answered.push({ number, status, from: sentAt, at: nowMs() });
  };
  const start = nowMs();
  const { pace } = spec;
  if (pace.kind === "rate") await atRate(pace, connections, post);
  else
    await flood(connections, post, () =>
      pace.kind === "count" ? last >= pace.count : nowMs() - start >= pace.warmUpMs + pace.ms,
    );
  return resultOf(answered, { pace, start, sent: last });
}

type Post = (connection: Connection, from?: number) => Promise<void>;

async function flood(connections: readonly Connection[], post: Post, isOver: () => boolean): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      while (!isOver()) await post(connection);
    }),
  );
}

async function atRate(
  { perSecond, ms }: Extract<Pace, { kind: "rate" }>,
  connections: readonly Connection[],
  post: Post,
): Promise<void> {
  const start = nowMs();
  const free = [...connections];
  const due: number[] = [];
  const going = new Set<Promise<void>>();
  const serve = () => {
    while (due.length > 0 && free.length > 0) {
      // In turn: a server closes a connection that lies idle.
      const connection = free.shift() as Connection;
      const posted = post(connection, due.shift()).finally(() => {
        going.delete(posted);
        free.push(connection);
        serve();
      });
      going.add(posted);
    }
  };
  const total = Math.floor((perSecond * ms) / 1000);
  for (let planned = 0; planned < total;) {
    for (; planned < total && start + (planned * 1000) / perSecond <= nowMs(); planned += 1) {
      due.push(start + (planned * 1000) / perSecond);
    }
    serve();
    await sleep(1);
  }
  while (going.size > 0 || due.length > 0) await Promise.race([...going, sleep(5)]);
}

function resultOf(
  answered: readonly Answered[],
  { pace, start, sent }: { readonly pace: Pace; readonly start: number; readonly sent: number },
): LoadResult {
  const countFrom = pace.kind === "flood" ? start + pace.warmUpMs : start;
  const countTo = pace.kind === "flood" ? countFrom + pace.ms : Infinity;
  const counted = answered.filter(({ at }) => at >= countFrom && at < countTo);
  const accepted = counted.filter(isAccepted);
  const acceptedAt = new Float64Array(sent).fill(NaN);
  for (const one of answered) if (isAccepted(one)) acceptedAt[one.number] = one.at;
  return {
    accepted: accepted.length,
    refused: counted.length - accepted.length,
    acceptedInAll: answered.filter(isAccepted).length,
    ms: pace.kind === "flood" ? pace.ms : (answered.at(-1)?.at ?? start) - start,
    latencies: Float64Array.from(accepted, ({ from, at }) => at - from),
    acceptedAt,
  };
}

function isAccepted({ status }: Answered): boolean {
  return status === 200 || status === 202;
}
