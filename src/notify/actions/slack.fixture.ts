import type { Answering, Received } from "../receiver.fixture.ts";

interface Call {
  readonly channel: string;
  readonly text: string;
  readonly ts?: string;
  readonly thread_ts?: string;
  readonly reply_broadcast?: boolean;
  readonly blocks: readonly { readonly type: string; readonly text?: { readonly text: string } }[];
}

export interface Posted {
  readonly ts: string;
  readonly text: string;
  readonly threadTs: string | null;
  /** Whether the channel shows it. */
  readonly isShown: boolean;
}

/**
 * Slack's Web API by its published rules, with the channel C1 (called #ops): errors come with status 200, texts are within
 * limits, a message can be changed where it stands. `refuse` answers in its place.
 */
export class SlackApi {
  readonly messages: Posted[] = [];
  /** Each call's method, in order. */
  readonly calls: string[] = [];
  refuse: (method: string, body: Call) => Answering | null = () => null;

  readonly answer: Answering = (response, request) => {
    const method = request.path.replace("/api/", "");
    this.calls.push(method);
    const body = JSON.parse(request.body) as Call;
    const refused = this.refuse(method, body);
    if (refused !== null) return refused(response, request);
    const error = faultOf(request, body);
    // The whole message comes back, behind what identifies it.
    const said = error === null ? { ...this.#take(method, body), message: body } : { ok: false, error };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  };

  #take(method: string, { text, ts, thread_ts, reply_broadcast }: Call) {
    if (method === "chat.postMessage") {
      const isShown = thread_ts === undefined || reply_broadcast === true;
      const posted = { ts: `1700000000.${this.messages.length}`, text, threadTs: thread_ts ?? null, isShown };
      this.messages.push(posted);
      return { ok: true, channel: "C1", ts: posted.ts };
    }
    const index = this.messages.findIndex((message) => message.ts === ts);
    const old = this.messages[index];
    if (old === undefined) return { ok: false, error: "message_not_found" };
    this.messages[index] = { ...old, text };
    return { ok: true, channel: "C1", ts: old.ts };
  }
}

function faultOf({ headers, path }: Received, { channel, blocks, text }: Call): string | null {
  if (headers.authorization?.startsWith("Bearer xoxb-") !== true) return "not_authed";
  if (!["/api/chat.postMessage", "/api/chat.update"].includes(path)) return "unknown_method";
  if (!["C1", "#ops"].includes(channel)) return "channel_not_found";
  if (path.endsWith("update") && channel !== "C1") return "channel_not_found";
  if (text === "") return "no_text";
  if (blocks.length > 50 || blocks.some((block) => (block.text?.text.length ?? 1) > 3000))
    return "invalid_blocks";
  return JSON.stringify(blocks).length > 13_200 * 1.5 ? "msg_blocks_too_long" : null;
}
