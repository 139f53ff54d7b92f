import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const mega = 1024 * 1024;
/** `maxBytes` of src/web/api/pressure.ts. */
const budget = 64 * mega;
const maxBody = 4 * mega;

/** A request by hand, as far as it has been sent. */
interface Call extends Disposable {
  readonly socket: Socket;
  /** What came back so far. */
  answer(): string;
}

async function open(server: Crosscheck, head: string, path = "/"): Promise<Call> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.setEncoding("latin1").on("data", (text) => (received += text.toString()));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(`POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n${head}\r\n\r\n`);
  return { socket, answer: () => received, [Symbol.dispose]: () => void socket.destroy() };
}

const statusOf = (call: Call) => call.answer().slice(9, 12);
const ended = (call: Call) => statusOf(call) !== "" || call.socket.destroyed;

suite("under pressure", () => {
  let parts: AsyncDisposableStack;
  let receiver: Receiver;
  let server: Crosscheck;

  before(async () => {
    parts = new AsyncDisposableStack();
    receiver = parts.use(await startReceiver());
    const told = (name: string) => ({ name, type: "webhook", url: `${receiver.url}/${name}` });
    const file = parts.use(
      await configFile({
        routes: [{ name: "kept", "record-only": true, input: "input.keep" }],
        actions: [told("nobody"), told("team")],
        unrouted: ["nobody"],
        trouble: ["team"],
        sources: [{ name: "signed", type: "generic", secrets: ["a-secret-of-the-tests"] }],
        server: { "max-body": `${maxBody} B` },
      }),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const post = (body: string | Uint8Array<ArrayBuffer>, path = "/") =>
    server.request(path, { method: "POST", body });
  const metric = async (name: string) => {
    const text = await (await server.request("/metrics")).text();
    return Number(new RegExp(`^crosscheck_${name} (\\S+)$`, "m").exec(text)?.[1] ?? 0);
  };

  test("bodies that are being read share a budget: past it 503, and afterwards all is well again", async () => {
    using calls = new DisposableStack();
    const count = budget / maxBody + 4;
    const length = maxBody - 1000;
    const opened = await Promise.all(
      Array.from({ length: count }, () => open(server, `content-length: ${length}`)),
    );
    for (const call of opened) {
      calls.use(call);
      // All but the last byte: whoever is not refused is waited for.
      call.socket.write(new Uint8Array(length - 1));
    }
    const refused = await until("the first that is refused", () =>
      opened.find((call) => call.answer().includes("\r\n\r\n{")),
    );
    assert.match(refused.answer(), /^HTTP\/1\.1 503 /);
    assert.match(refused.answer(), /\r\nretry-after: 5\r\n/i);
    assert.match(refused.answer(), /\r\ncontent-type: application\/problem\+json/i);
    assert.match(refused.answer(), /too many alerts are waiting to be stored: send it again/);
    assert.ok((await metric('ingest_refused_total\\{reason="pressure"\\}')) >= 1);
    const [notice] = await receiver.hears("/team", "pressure");
    assert.ok(notice);
    for (const call of opened) call.socket.destroy();
    await until("room for a large one", async () => {
      const large = JSON.stringify({ keep: true, text: "x".repeat(maxBody - 1000) });
      return (await post(large)).status === 202;
    });
  });

  test("whoever has no token, and needs none to begin a signed one, keeps nobody else out", async () => {
    using calls = new DisposableStack();
    const length = maxBody - 1000;
    const strangers = await Promise.all(
      Array.from({ length: budget / maxBody + 4 }, () =>
        open(server, `content-length: ${length}`, "/alerts/signed"),
      ),
    );
    for (const call of strangers) {
      calls.use(call);
      call.socket.write(new Uint8Array(length - 1));
    }
    await until("strangers to be refused", () => strangers.some((call) => statusOf(call) === "503"));
    const large = JSON.stringify({ keep: true, text: "x".repeat(maxBody - 1000) });
    assert.equal((await post(large)).status, 202);
  });

  test("a body that never ends is cut, kept and answered; one that trickles in is an alert like any other", async () => {
    using endless = await open(server, "transfer-encoding: chunked");
    const piece = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const sending = (async () => {
      while (statusOf(endless) === "") {
        if (!endless.socket.write(piece))
          await Promise.race([once(endless.socket, "drain"), answered(endless)]);
      }
    })();
    await sending;
    assert.equal(statusOf(endless), "202");

    const text = '{"keep": true}';
    using trickling = await open(server, `content-length: ${text.length}`);
    for (const letter of text) {
      trickling.socket.write(letter);
      await new Promise(setImmediate);
    }
    await until("its answer", () => statusOf(trickling) === "202");
  });

  test("two thousand callers at once: nobody hangs, who is told 202 is stored, and the next one is taken", async () => {
    const text = '{"keep": true}';
    const before = await metric('alerts_total\\{source="webhook",status="firing"\\}');
    const calls = await Promise.all(
      Array.from({ length: 2000 }, async () => {
        const call = await open(server, `content-length: ${text.length}`);
        call.socket.write(text);
        return call;
      }),
    );
    // On a machine that is too slow for so many the last ones have run out of their time to send a request.
    await until("the last one", () => calls.every(ended), 120_000);
    const taken = calls.filter((call) => statusOf(call) === "202").length;
    for (const call of calls) call[Symbol.dispose]();
    assert.ok(taken >= 500, `${taken} were taken`);
    assert.ok((await metric('alerts_total\\{source="webhook",status="firing"\\}')) - before >= taken);
    assert.equal((await post(text)).status, 202);
  });

  test("what is nested too deep is kept, and told to whoever hears of what reached nobody", async () => {
    const body = `${'{"keep":['.repeat(100_000)}1${"]}".repeat(100_000)}`;
    const response = await post(body);
    assert.equal(response.status, 202);
    const { id } = (await response.json()) as { id: string };
    const [notice] = await receiver.hears("/nobody", "nested deeper than 256 levels");
    assert.ok(notice);
    assert.equal(await (await server.request(`/api/v1/alerts/${id}`)).text(), body);
  });

  test("memory is flat: a flood leaves no more behind than the one before it", async () => {
    const body = JSON.stringify({ keep: true, text: "x".repeat(20_000) });
    const flood = async () => {
      const total = (await metric('alerts_routed_total\\{route="kept"\\}')) + 600;
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          for (let count = 0; count < 12; count += 1) assert.equal((await post(body)).status, 202);
        }),
      );
      await until(
        "all of them to be routed",
        async () => (await metric('alerts_routed_total\\{route="kept"\\}')) >= total,
        120_000,
      );
      return metric("process_resident_memory_bytes");
    };
    await flood();
    const first = await flood();
    await flood();
    const last = await flood();
    assert.ok(last - first < 150 * mega, `${first} bytes became ${last}`);
  });
});

async function answered(call: Call): Promise<void> {
  await until("an answer", () => statusOf(call) !== "");
}
