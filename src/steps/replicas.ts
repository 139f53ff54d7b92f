import type { Context } from "./context.ts";
import type { Config } from "../config/config.ts";
import { deleteReplica, forgetReplicas, replicasSeen, saveReplica } from "../store/replicas.ts";
import type { Replica } from "../store/replicas.ts";
import { Lasting } from "./lasting.ts";
import { reportTrouble } from "./trouble.ts";

/** What does not change while a process runs. */
export type OwnReplica = Pick<Replica, "id" | "name" | "version" | "startedAt">;

/** One that has not been heard of for this long is taken for dead. */
const deadMs = 60_000;
/** One that is heard of within this time counts when configurations are compared: it may be stopped any moment. */
const presentMs = 30_000;
const forgottenMs = 3_600_000;
/** A reload goes from one replica to the next; so does an upgrade, and that may be watched for a while at each. */
const configsDifferMs = 120_000;
const versionsDifferMs = 3_600_000;

/** The replicas that live, this one included, the oldest first. */
export function liveReplicas(context: Context): Promise<Replica[]> {
  return replicasSeen(context.database, context.now() - deadMs);
}

/** This process as the others see it, and the others as it sees them. */
export class ReplicaWatch {
  readonly #context: Context;
  readonly #self: OwnReplica;
  readonly #configs = new Lasting(configsDifferMs);
  readonly #versions = new Lasting(versionsDifferMs);
  #config: Pick<Replica, "configHash" | "configSince">;
  #versionsSeen = "";
  #left = false;

  constructor(context: Context, self: OwnReplica) {
    this.#context = context;
    this.#self = self;
    this.#config = { configHash: context.setup().config.hash, configSince: self.startedAt };
  }

  /** Says that this process lives, and which configuration it runs; of a next one before it is in place. */
  async beat({ hash }: Pick<Config, "hash"> = this.#context.setup().config): Promise<void> {
    if (this.#left) return;
    const now = this.#context.now();
    if (hash !== this.#config.configHash) this.#config = { configHash: hash, configSince: now };
    await this.#context.database.write([
      saveReplica({ ...this.#self, ...this.#config, seenAt: now }),
      // On SQLite there is no other.
      forgetReplicas(this.#context.database.kind === "sqlite" ? now : now - forgottenMs),
    ]);
  }

  /** Looks at the others, and tells what has differed for longer than a reload or an upgrade takes. */
  async compare(): Promise<void> {
    const live = await liveReplicas(this.#context);
    this.#context.metrics.replicas.set(live.length);
    const presentAfter = this.#context.now() - presentMs;
    const present = live.filter(({ seenAt }) => seenAt > presentAfter);
    await this.#compareConfigs(present);
    await this.#compareVersions(present);
  }

  /** A process that ends in good order is not waited for. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.#context.database.write([deleteReplica(this.#self.id)]);
  }

  async #compareConfigs(present: readonly Replica[]): Promise<void> {
    const hashes = new Set(present.map(({ configHash }) => configHash));
    this.#context.metrics.configs.set(hashes.size);
    const since = this.#configs.note(hashes.size > 1, this.#context.now());
    if (since === undefined) return;
    const list = present
      .map(({ name, configHash, configSince }) => `${name} ${short(configHash)} since ${time(configSince)}`)
      .join(", ");
    const note = `replicas have run different configurations since ${time(since)}: ${list}; give them the same files and reload each`;
    await reportTrouble(this.#context, "configs-differ", { what: "replicas", note });
  }

  async #compareVersions(present: readonly Replica[]): Promise<void> {
    const list = present.map(({ name, version }) => `${name} ${version}`).join(", ");
    const differ = new Set(present.map(({ version }) => version)).size > 1;
    if (differ && list !== this.#versionsSeen) this.#context.log.warn("versions-differ", { replicas: list });
    this.#versionsSeen = differ ? list : "";
    const since = this.#versions.note(differ, this.#context.now());
    if (since === undefined) return;
    const note = `replicas have run different versions since ${time(since)}: ${list}; end the upgrade`;
    await reportTrouble(this.#context, "versions-differ", { what: "replicas", note });
  }
}

/** As much of a hash as tells two apart. */
function short(hash: string): string {
  return hash.slice(0, 12);
}

function time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
