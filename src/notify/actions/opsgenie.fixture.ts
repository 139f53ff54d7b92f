import type { Answering } from "../receiver.fixture.ts";

export interface OpsgenieAlert {
  readonly message: string;
  readonly alias: string;
  readonly description: string;
  readonly responders: readonly object[];
  readonly visibleTo: readonly object[];
  readonly tags: readonly string[];
  readonly details: Readonly<Record<string, string>>;
  readonly entity: string;
  readonly source: string;
  readonly priority: string;
  readonly user?: string;
}

interface Note {
  readonly note: string;
  readonly user?: string;
}

/** Opsgenie's Alert API by its published rules: 202 for what is queued, 401, 404 or 422 for what is not. */
export const speakingAlertApi: Answering = (response, { path, headers, body }) => {
  const [status, said] = judge(path, headers.authorization ?? "", body);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
};

function judge(path: string, authorization: string, body: string): [status: number, said: object] {
  if (!/^GenieKey \S+$/.test(authorization)) return [401, { message: "Key format is not valid!" }];
  const isNote = /^\/v2\/alerts\/[^/]{1,1536}\/(close|notes)\?identifierType=alias$/.test(path);
  if (path !== "/v2/alerts" && !isNote) return [404, { message: "No such path" }];
  const errors = isNote
    ? faultsOfNote(JSON.parse(body) as Note)
    : faultsOf(JSON.parse(body) as OpsgenieAlert);
  if (errors.length > 0) return [422, { message: "Request body is not processable", errors }];
  return [202, { result: "Request will be processed", took: 0.1, requestId: "43a29c5c-3dbf" }];
}

function faultsOfNote({ note, user = "" }: Note): string[] {
  return [...longer("note", note, 25_000), ...longer("user", user, 100)];
}

function faultsOf(alert: OpsgenieAlert): string[] {
  return [
    ...(alert.message === "" ? ["message: empty"] : longer("message", alert.message, 130)),
    ...longer("alias", alert.alias, 512),
    ...longer("description", alert.description, 15_000),
    ...longer("entity", alert.entity, 512),
    ...longer("source", alert.source, 100),
    ...longer("user", alert.user ?? "", 100),
    ...longer("details", Object.entries(alert.details).flat().join(""), 8000),
    ...alert.tags.flatMap((tag) => longer("tag", tag, 50)),
    ...(alert.tags.length > 20 ? ["tags: more than 20"] : []),
    ...(alert.responders.length > 50 ? ["responders: more than 50"] : []),
    ...(/^P[1-5]$/.test(alert.priority) ? [] : ["priority: unknown"]),
  ];
}

function longer(field: string, text: string, length: number): string[] {
  return text.length > length ? [`${field}: longer than ${length}`] : [];
}
