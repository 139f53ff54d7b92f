import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { suite, test } from "node:test";
import {
  a,
  rcodes,
  startDnsServer,
  wireName,
  wireNumbers,
  zone,
  type DnsAnswer,
  type TestRecord,
} from "../../../test/fixtures/dns-server.ts";
import { deadline } from "../../deadline.ts";
import { ProbeFailure } from "../failure.ts";
import { askDns } from "./ask.ts";
import { parseServer, type DnsServer } from "./dns-server.ts";
import { decodeAnswer, encodeQuestion, nameFault } from "./message.ts";

const never = new AbortController().signal;
const name = "storefront.example";

function at(address: string): DnsServer {
  const server = parseServer(address);
  assert.ok(server);
  return server;
}

/** What a server that answers everything so is asked and says. */
async function ask(answer: DnsAnswer, { type = "A", signal = never } = {}) {
  await using server = await startDnsServer(() => answer);
  const seen = await askDns(at(server.address), { name, type }, signal);
  return { ...seen, asked: server.asked };
}

/** Only where nothing is to come is the limit a short one. */
async function failureOf(answer: DnsAnswer, limitMs = 20_000): Promise<ProbeFailure> {
  using limit = deadline(never, limitMs);
  try {
    await ask(answer, { signal: limit.signal });
  } catch (error) {
    assert.ok(error instanceof ProbeFailure);
    return error;
  }
  return assert.fail("it has answered");
}

suite("records", () => {
  const cases: { type: string; number: number; data: Buffer; value: string }[] = [
    { type: "A", number: 1, data: Buffer.of(192, 0, 2, 7), value: "192.0.2.7" },
    {
      type: "AAAA",
      number: 28,
      data: Buffer.from("20010db8000000000000000000000007", "hex"),
      value: "2001:db8::7",
    },
    { type: "NS", number: 2, data: wireName("NS1.Example"), value: "ns1.example" },
    { type: "CNAME", number: 5, data: wireName("shop.example"), value: "shop.example" },
    {
      type: "PTR",
      number: 12,
      data: Buffer.concat([Buffer.of(4), Buffer.from("mail"), Buffer.of(0xc0, 12)]),
      value: `mail.${name}`,
    },
    {
      type: "MX",
      number: 15,
      data: Buffer.concat([wireNumbers(10), wireName("mail.example")]),
      value: "10 mail.example",
    },
    { type: "TXT", number: 16, data: Buffer.from("\u0007v=spf1 \u0004-all"), value: "v=spf1 -all" },
    {
      type: "SRV",
      number: 33,
      data: Buffer.concat([wireNumbers(1, 2, 443), wireName("a.example")]),
      value: "1 2 443 a.example",
    },
    {
      type: "CAA",
      number: 257,
      data: Buffer.concat([Buffer.of(0, 5), Buffer.from("issueca.example")]),
      value: '0 issue "ca.example"',
    },
    {
      type: "SOA",
      number: 6,
      data: Buffer.concat([
        wireName("ns1.example"),
        wireName("a\u0007.b"),
        wireNumbers(0, 7, 0, 1, 0, 2, 0, 3, 0, 4),
      ]),
      value: "ns1.example a\\007.b 7 1 2 3 4",
    },
    { type: "A", number: 64, data: Buffer.of(1, 2), value: "\\# 2 0102" },
    { type: "MX", number: 15, data: Buffer.concat([wireNumbers(0), Buffer.of(0)]), value: "0 ." },
  ];
  for (const { type, number, data, value } of cases) {
    test(`${type}: ${value}`, async () => {
      const seen = await ask({ records: [{ type: number, data, ttl: 60 }] }, { type });
      const told = number === 64 ? "TYPE64" : type;
      assert.deepEqual(seen.answers, [{ name, type: told, ttl: 60, value }]);
      assert.equal(seen.rcode, "NOERROR");
    });
  }

  test("a TTL with the highest bit is none", async () => {
    const seen = await ask({ records: [a("192.0.2.7", 0x8000_0001)] });
    assert.equal(seen.answers[0]?.ttl, 0);
  });
});

suite("answers", () => {
  for (const [rcode, number] of Object.entries(rcodes)) {
    test(rcode, async () => {
      assert.deepEqual(await ask({ rcode: number }), {
        rcode,
        truncated: false,
        answers: [],
        asked: [`${name} 1`],
      });
    });
  }

  test("too long for a datagram: the same question over TCP", async () => {
    const records: TestRecord[] = Array.from({ length: 200 }, (_, index) => a(`192.0.2.${index}`));
    const seen = await ask({ records, truncated: true });
    assert.equal(seen.answers.length, 200);
    assert.deepEqual(seen.asked, [`${name} 1`, `${name} 1 tcp`]);
  });

  test("to another question, or with another id, are not taken for one", async () => {
    await using closing = new AsyncDisposableStack();
    const socket = closing.adopt(createSocket("udp4"), (one) => void one.close());
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.on("message", (query, from) => {
      const send = (bytes: Buffer) => socket.send(bytes, from.port, from.address);
      const other = Buffer.from(query);
      other[0] = (other[0] ?? 0) ^ 0xff;
      other[2] = 0x81;
      send(other);
      const elsewhere = encodeQuestion(query.readUInt16BE(), { name: "else.example", type: "A" });
      elsewhere[2] = 0x81;
      send(elsewhere);
      send(query);
      send(Buffer.from("?"));
      const right = Buffer.from(query);
      right[2] = 0x81;
      right[3] = 0x83;
      send(right);
    });
    // The last one alone is right; "?" cannot be read, and could have come from anybody.
    const seen = await askDns(at(`127.0.0.1:${socket.address().port}`), { name, type: "A" }, never);
    assert.equal(seen.rcode, "NXDOMAIN");
  });

  test("keep their case to themselves", async () => {
    await using server = await startDnsServer(zone({ "StoreFront.Example": [a("192.0.2.7")] }));
    const question = { name: "StoreFront.Example.", type: "A" };
    const seen = await askDns(at(server.address), question, never);
    assert.deepEqual(
      seen.answers.map((record) => record.name),
      [name],
    );
  });
});

/** The head of an answer with one record, and the question. */
const answering = (query: Buffer, rest: Buffer, count = 1) => {
  const head = Buffer.from(query);
  head[2] = 0x81;
  head.writeUInt16BE(count, 6);
  return Buffer.concat([head, rest]);
};

/** Each points to the one before. */
const chain = (query: Buffer) =>
  Buffer.concat(
    Array.from({ length: 6000 }, (_, index) =>
      wireNumbers(0xc000 | (index === 0 ? 12 : query.length + index * 2 - 2)),
    ),
  );

/** An answer that says that it has been cut. */
const cut = (query: Buffer) => {
  const bytes = Buffer.from(query);
  bytes[2] = 0x83;
  return bytes;
};

suite("hostile answers", { concurrency: 4 }, () => {
  const cases: Record<string, (query: Buffer) => Buffer> = {
    "a name that points to itself": (query) => answering(query, wireNumbers(0xc000 | query.length, 1, 1)),
    "names that point to each other": (query) =>
      answering(query, wireNumbers(0xc000 | (query.length + 2), 0xc000 | query.length)),
    "a chain of pointers": (query) =>
      answering(query, Buffer.concat([wireNumbers(0, 0, 0, 0, 0, 12_000), chain(query)]), 9),
    "a label of a length that there is not": (query) => answering(query, Buffer.of(0x7f, 1, 2)),
    "a name without an end": (query) =>
      answering(
        query,
        Buffer.concat([
          ...Array.from({ length: 9 }, () => Buffer.concat([Buffer.of(63), Buffer.alloc(63, "x")])),
          Buffer.of(0),
        ]),
      ),
    "cut off in a record": (query) => answering(query, wireNumbers(0xc00c, 1, 1, 0)),
    "more records than there are": (query) => answering(query, Buffer.alloc(0), 65_535),
    "data that is longer than the message": (query) =>
      answering(query, wireNumbers(0xc00c, 1, 1, 0, 9, 4000)),
    "data that is shorter than its type": (query) =>
      answering(query, Buffer.concat([wireNumbers(0xc00c, 1, 1, 0, 9, 2), Buffer.of(1, 2)])),
    "a text that ends behind its record": (query) =>
      answering(query, Buffer.concat([wireNumbers(0xc00c, 16, 1, 0, 9, 2), Buffer.of(200, 2)])),
  };
  for (const [title, bytes] of Object.entries(cases)) {
    test(title, async () => {
      const failure = await failureOf({ bytes });
      assert.equal(failure.errorClass, "dns.protocol");
      assert.match(failure.message, /^127\.0\.0\.1:\d+ sent a message that cannot be read: /);
    });
  }

  const silences: Record<string, (query: Buffer) => Buffer> = {
    "another id": (query) => Buffer.concat([Buffer.of((query[0] ?? 0) ^ 1), query.subarray(1)]),
    "the question itself": (query) => query,
    garbage: () => Buffer.from("what is DNS, and why should a server care?"),
    "an answer to no question": (query) =>
      Buffer.concat([query.subarray(0, 2), Buffer.from("81800000000000000000", "hex")]),
  };
  for (const [title, bytes] of Object.entries(silences)) {
    test(`${title} is no answer`, async () => {
      const failure = await failureOf({ bytes }, 2000);
      assert.equal(failure.errorClass, "dns.protocol");
      assert.match(failure.message, /sent a datagram that is no answer to the question within 2s$/);
    });
  }

  test("whatever the bytes, an answer or dns.protocol", () => {
    const asked = { name, type: "A" };
    const good = answering(
      encodeQuestion(7, asked),
      Buffer.concat([wireNumbers(0xc00c, 1, 1, 0, 9, 4), Buffer.alloc(4)]),
    );
    const values = [0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xff];
    const changed = [...good.keys()]
      .slice(2)
      .flatMap((at) => values.map((value) => Buffer.from(good.with(at, value))));
    const cut = [...good.keys()].map((at) => good.subarray(0, at));
    for (const bytes of [...changed, ...cut]) {
      try {
        decodeAnswer(bytes, 7, asked);
      } catch (error) {
        assert.ok(error instanceof ProbeFailure, String(error));
      }
    }
  });

  test("a cut answer whose rest never comes", async () => {
    const again = await failureOf({ bytes: cut });
    assert.equal(again.errorClass, "dns.protocol");
    assert.match(again.message, /sent something over TCP that is no answer/);
    const half = await failureOf({ bytes: cut, overTcp: () => Buffer.alloc(0) });
    assert.equal(half.errorClass, "dns.protocol");
  });
});

suite("no answer", () => {
  test("within the time that there is", async () => {
    const failure = await failureOf("silence", 300);
    assert.equal(failure.errorClass, "dns.timeout");
    assert.match(failure.message, /^no answer from 127\.0\.0\.1:\d+ for storefront\.example A within 300ms$/);
  });

  test("from a port that is closed", async () => {
    const server = await startDnsServer(() => "silence");
    await server[Symbol.asyncDispose]();
    await assert.rejects(askDns(at(server.address), { name, type: "A" }, never), {
      errorClass: "dns.refused",
      message: `nobody answers DNS at ${server.address}: its port is closed`,
    });
  });

  test("for what can be no name: nobody is asked", async () => {
    for (const wrong of ["", "a..b", `${"x".repeat(64)}.example`, "a b", "a\\b", "x.".repeat(130)]) {
      assert.notEqual(nameFault(wrong), undefined, wrong);
      await assert.rejects(askDns(at("127.0.0.1:9"), { name: wrong, type: "A" }, never), {
        errorClass: "dns.nxdomain",
      });
    }
    for (const right of [".", "example", "example.", "_dmarc.example", "*.example"])
      assert.equal(nameFault(right), undefined);
  });
});

test("servers are written as people write them", () => {
  assert.deepEqual(at("1.1.1.1"), { address: "1.1.1.1", family: 4, port: 53 });
  assert.deepEqual(at("1.1.1.1:5353"), { address: "1.1.1.1", family: 4, port: 5353 });
  assert.deepEqual(at("2606:4700::1111"), { address: "2606:4700::1111", family: 6, port: 53 });
  assert.deepEqual(at("[2606:4700::1111]:5353"), { address: "2606:4700::1111", family: 6, port: 5353 });
  for (const wrong of ["999.1.1.1", "1.1.1.1:99999", "one.example", "[1.1.1.1", ""])
    assert.equal(parseServer(wrong), undefined);
});

/** So many addresses, over TCP. */
function answerOf(count: number): DnsAnswer {
  const records = Array.from({ length: count }, (_, number) => a(`192.0.${number >> 8}.${number & 0xff}`));
  return { records, truncated: true };
}

suite("limits", () => {
  test("hundreds of records are read, thousands are not: their names could hold the thread for seconds", async () => {
    assert.equal((await ask(answerOf(500))).answers.length, 500);
    const failure = await failureOf(answerOf(501));
    assert.equal(failure.errorClass, "dns.protocol");
    assert.match(failure.message, /that cannot be read: it says that it has 501 answers/);
  });

  test("a name of 253 characters may have a dot behind it", () => {
    const longest = `${"a.".repeat(125)}abc`;
    assert.equal(longest.length, 253);
    for (const right of [longest, `${longest}.`]) assert.equal(nameFault(right), undefined);
    assert.match(nameFault(`${longest}d`) ?? "", /^"(?:a\.){30}…" is not a name that DNS could have$/);
  });
});
