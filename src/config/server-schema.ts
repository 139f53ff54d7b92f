import * as z from "zod";
import { duration, secret, settings } from "../model/settings.ts";
import { address, addressRange, link, size } from "./values.ts";

const tls = settings({
  certificate: z.string().min(1).describe("PEM file: the certificate, then those that lead to its root"),
  key: z.string().min(1).describe("PEM file of its private key"),
});

const heartbeat = settings({
  url: secret.describe(
    "asked (GET) to say that this server lives: of a watch outside, which pages when it falls silent",
  ),
  every: duration
    .refine((ms) => ms >= 5000, "at least 5s")
    .prefault("60s")
    .describe("how often, while alerts can be taken and work goes on"),
});

/** What is looked at again, retried or summed up is never older than two days. */
const age = duration.refine((ms) => ms >= 2 * 86_400_000, "at least 2d");

const retention = settings({
  bodies: age.prefault("30d").describe("how long alerts are kept as received"),
  history: age
    .prefault("400d")
    .describe("how long incidents, verdicts, deliveries and the audit log are kept, once they are over"),
});

/** The `server:` section of the file: how this process is reached, and what it does in need. */
export const serverSchema = settings({
  listen: address.prefault("127.0.0.1:8082").describe("where to listen: HOST:PORT"),
  tls: tls.optional().describe("serves HTTPS; the files are read again when they change"),
  "public-url": link.optional().describe("how people reach this server: the base of links in messages"),
  "ingest-tokens": z
    .array(secret)
    .prefault([])
    .describe(
      "what senders show: as bearer, as basic password or as `?token=`; any of them, so that one can take another's place",
    ),
  "api-tokens": z.array(secret).prefault([]).describe("what users of the API show; any of them"),
  "read-tokens": z
    .array(secret)
    .prefault([])
    .describe("what those show who may read in the API and scrape the metrics, and change nothing"),
  "allow-private-targets": z
    .array(addressRange)
    .prefault([])
    .describe(
      "private ranges that targets taken from alerts may reach; else they reach public addresses only",
    ),
  "max-body": size.prefault("1 MB").describe("larger alerts are kept cut and told to `unrouted`"),
  data: z.string().min(1).optional().describe("folder of the database, and of the spool"),
  spool: size
    .prefault("64 MB")
    .describe("how much of what arrives is kept in the data folder while the database is away"),
  emergency: z
    .array(z.string())
    .prefault([])
    .describe(
      "actions told of alerts as they came, at once, when the database stays away or the spool cannot take them",
    ),
  heartbeat: heartbeat.optional().describe("a dead man's switch"),
  retention: retention.prefault({}).describe("how long what is over is kept"),
  "runs-at-once": z
    .int()
    .min(1)
    .max(1000)
    .prefault(50)
    .describe("runs that go on at the same time, oldest first"),
  "share-probes": duration
    .prefault("10s")
    .describe("what a location has seen within this time answers the same question again"),
});
