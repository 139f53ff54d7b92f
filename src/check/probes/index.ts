import { anyOf } from "../../model/registry.ts";
import type { ProbeType } from "../probe-type.ts";
import { dns } from "./dns.ts";
import { grpc } from "./grpc.ts";
import { http } from "./http.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import { websocket } from "./websocket.ts";

/** Every type of check; a new one is a file here and a word in this list. */
export const probeTypes = [http, dns, tcp, tls, grpc, websocket] as const;

/** The schema of one entry of `checks:`. */
export const checkSettings = anyOf(probeTypes);

export const probeTypeByName: ReadonlyMap<string, ProbeType> = new Map(
  probeTypes.map((type): [string, ProbeType] => [type.name, type]),
);
