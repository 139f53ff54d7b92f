import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { Config } from "../config/config.ts";
import { dataFolderIn } from "../config/last-good.ts";
import type { Address } from "../config/values.ts";
import type { DatabaseLocation } from "../store/database.ts";
import { addressOf } from "./address.ts";
import { databaseUrl } from "./database-option.ts";
import { hasLiteralSecrets, readConfiguration, secretFiles } from "./doctor/configuration.ts";
import { examineDatabase, examineLock } from "./doctor/database.ts";
import { examineAll } from "./doctor/diagnosis.ts";
import type { Diagnosis, Examination } from "./doctor/diagnosis.ts";
import { examineFolder, examineModes } from "./doctor/files.ts";
import type { PrivateFile } from "./doctor/files.ts";
import { examinePort, examinePublicUrl } from "./doctor/listening.ts";
import { examineMachine } from "./doctor/machine.ts";
import { openOutlook } from "./doctor/outlook.ts";
import { examineControl, examineReceiver, examineResolver } from "./doctor/reach.ts";
import { receiversOf } from "./doctor/receivers.ts";
import { counts, diagnosisText } from "./doctor/text.ts";

const usualFolder = "crosscheck-data";
const usualListen: Address = { host: "127.0.0.1", port: 8082 };

/** `crosscheck doctor`: what is wrong with this installation, before the night; it changes nothing and tells nobody. */
export async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string" },
      data: { type: "string" },
      database: { type: "string" },
      listen: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const url = values.database === undefined ? undefined : databaseUrl(values.database);
  const listen = values.listen === undefined ? undefined : addressOf(values.listen);
  const diagnoses = await diagnose({ config: values.config, data: values.data, url, listen });
  const { fails, warnings } = counts(diagnoses);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ diagnoses, fails, warnings }, null, 2)}\n`
      : diagnosisText(diagnoses, { colour: process.stdout.isTTY }),
  );
  return fails > 0 ? 1 : 0;
}

/** What `serve` would be told. */
interface Installation {
  readonly config: string | undefined;
  readonly data: string | undefined;
  readonly url: string | undefined;
  readonly listen: Address | undefined;
}

async function diagnose(installation: Installation): Promise<Diagnosis[]> {
  const { path, config, diagnoses } = await readConfiguration(installation.config);
  const named = config === undefined && path !== null ? await dataFolderIn(path) : config?.server.data;
  const { data = named ?? undefined, url, listen } = installation;
  // Beside a PostgreSQL there need be none.
  const folder = data ?? (url === undefined ? usualFolder : null);
  const database: DatabaseLocation = url === undefined ? { data: folder ?? usualFolder } : { url };
  await using outlook = await openOutlook(config);
  const examinations = [
    examineMachine(),
    examineModes(privateFiles(path, config)),
    ...(folder === null ? [] : [examineFolder(folder, spoolOf(config, url)), examineLock(folder)]),
    examineDatabase(database),
    examinePort(listen ?? config?.server.listen ?? usualListen, {
      tls: (config?.server.tls ?? null) !== null,
    }),
    ...(config === undefined ? [] : outwards(config)),
    ...outlook.examinations,
  ];
  const examined = await examineAll(examinations, progressOf(examinations.length));
  return [...diagnoses, ...examined];
}

function outwards(config: Config): Examination[] {
  const { controls, resolvers, server } = config;
  return [
    ...(server.publicUrl === null ? [] : [examinePublicUrl(server.publicUrl)]),
    ...resolvers.map(examineResolver),
    ...controls.map(examineControl),
    ...receiversOf(config).map(examineReceiver),
  ];
}

/** With SQLite both share a disk, and it is the database's. */
function spoolOf(config: Config | undefined, url: string | undefined): number | null {
  return url === undefined ? null : (config?.server.spoolBytes ?? null);
}

function privateFiles(path: string | null, config: Config | undefined): PrivateFile[] {
  if (path === null || config === undefined) return [];
  const { tls } = config.server;
  return [
    ...(hasLiteralSecrets(config) ? [{ path, holds: "secrets as they are, not as $NAME or file:PATH" }] : []),
    ...secretFiles(config, dirname(path)).map((file) => ({ path: file, holds: "a secret" })),
    ...(tls === null ? [] : [{ path: tls.key, holds: "the key of the certificate" }]),
  ];
}

/** For whoever waits at a terminal. */
function progressOf(count: number): () => void {
  let done = 0;
  return () => {
    done += 1;
    if (process.stderr.isTTY) process.stderr.write(done < count ? `\r${done} of ${count}` : "\r\u001b[K");
  };
}
