import assert from "node:assert/strict";
import { test } from "node:test";
import { fillPlaceholders, unreadPlaceholders } from "./placeholders.ts";

const event = `{
 "name": "shop \\"one\\"\\n\\u003c",
 "count": 12345678901234567890,
 "ratio": 2.50,
 "ok": false,
 "none": null,
 "a.b": {"c d": 1, "app/x": 2},
 "dash-ed_1": "d",
 "tags": ["x", "y"],
 "hosts": [
  {"name": "eu", "up": true, "load": 3, "ips": ["1", "2"]},
  {"name": "na", "up": false, "load": 10, "ips": []},
  {"name": "eu", "up": true, "load": 7}
 ],
 "name": "later"
}`;
const shop = 'shop "one"\n<';

const cases: readonly (readonly [what: string, text: string, expected: string])[] = [
  // Where Postee fills placeholders: last on their lines.
  ["no placeholder", "foo bar", "foo bar"],
  ["one a line", "a: event.input.count\nb: event.input.dash-ed_1", "a: 12345678901234567890\nb: d"],
  ["a string", "event.input.name", shop],
  ["a number as written", "event.input.ratio", "2.50"],
  ["a boolean", "event.input.ok", "false"],
  ["null", "x=event.input.none", "x="],
  ["nothing there", "x=event.input.nope.deeper", "x="],
  ["a path into a string", "event.input.name.0", ""],
  ["an object as written", "event.input.a\\.b", '{"c d": 1, "app/x": 2}'],
  ["escapes", "event.input.a\\.b.c\\ d event.input.a\\.b.app\\/x", "1 2"],
  ["an index", "event.input.tags.1", "y"],
  ["an index that is not there", "event.input.tags.2", ""],
  ["a key in an array", "event.input.tags.x", ""],
  ["a count", "event.input.hosts.#", "3"],
  ["a count of no array", "event.input.name.#", ""],
  ["one member of each", "event.input.hosts.#.load", "[3,10,7]"],
  ["each of each", "event.input.hosts.#.ips.#", "[2,0]"],
  ["the first that matches", 'event.input.hosts.#(name=="eu").load', "3"],
  ["one equals sign, no quotes", "event.input.hosts.#(name=na).load", "10"],
  ["all that match", 'event.input.hosts.#(name=="eu")#.load', "[3,7]"],
  ["none matches", 'event.input.hosts.#(name=="x").load|event.input.hosts.#(name=="x")#', "|[]"],
  ["by number", "event.input.hosts.#(load>=7)#.load", "[10,7]"],
  ["by less", "event.input.hosts.#(load < 7).load", "3"],
  ["by boolean", "event.input.hosts.#(up!=true).name", "na"],
  ["by presence", "event.input.hosts.#(ips)#.name", '["eu","na"]'],
  ["by itself", 'event.input.tags.#(=="y")', "y"],
  ["deeper in the item", "event.input.hosts.#(ips.0==1).load", "3"],
  // Where it does not.
  ["text after it", "event.input.tags.0 is down", "x is down"],
  ["two on a line", "event.input.tags.0/event.input.tags.1?", "x/y?"],
  ["joined by signs of keys", "event.input.tags.0-event.input.tags.1_event.input.ok", "x-y_false"],
  ["the end of a sentence", "Look at event.input.tags.0. Or event.input.tags.1!", "Look at x. Or y!"],
  ["an arrow", "event.input.tags.0->b", "x->b"],
  ["the whole event", "<event.input>", `<${event}>`],
  ["another word", "event.inputs event.input_x", "event.inputs event.input_x"],
  ["in a URL", "https://event.input.dash-ed_1/event.input.ratio", "https://d/2.50"],
  // In JSON.
  ["a JSON string", '{"x":"event.input.name"}', '{"x":"shop \\"one\\"\\n<"}'],
  ["in the middle of one", '{"x": "is event.input.ok\\n", "y": 1}', '{"x": "is false\\n", "y": 1}'],
  ["in escaped quotes", '["say \\"event.input.tags.0\\""]', '["say \\"x\\""]'],
  ["an object in a string", '{"x":"event.input.tags"}', '{"x":"[\\"x\\", \\"y\\"]"}'],
  [
    "outside of strings",
    '{"x":event.input.name,"y":[event.input.count]}',
    '{"x":"shop \\"one\\"\\n\\u003c","y":[12345678901234567890]}',
  ],
  ["nothing, outside of strings", '{"x":event.input.nope,"y":event.input.none}', '{"x":null,"y":null}'],
  ["the whole event in JSON", '{"x": event.input}', `{"x": ${event}}`],
  ["the whole event in a string", '"event.input"', JSON.stringify(event)],
  ["a query in a string", '{"x": "event.input.hosts.#(name==\\"na\\").load %"}', '{"x": "10 %"}'],
  ["no JSON, though it begins so", "[event.input.name] down", `[${shop}] down`],
];

for (const [what, text, expected] of cases)
  test(`placeholders: ${what}`, () => {
    assert.equal(fillPlaceholders(text, event), expected);
    assert.deepEqual(unreadPlaceholders(text), []);
  });

test("an event that is no JSON is filled in whole", () => {
  const plain = 'down, "really"';
  assert.equal(fillPlaceholders("event.input\nevent.input", plain), `${plain}\n${plain}`);
  assert.equal(fillPlaceholders("x event.input.a y", plain), "x  y");
  assert.equal(
    fillPlaceholders('{"a":event.input,"b":"event.input"}', plain),
    JSON.stringify({ a: plain, b: plain }),
  );
});

test("what comes from the event is not filled again", () => {
  assert.equal(
    fillPlaceholders("event.input.a", '{"a": "event.input.b $& $1", "b": "x"}'),
    "event.input.b $& $1",
  );
});

test("keys of JavaScript's are keys like others", () => {
  const hostile = '{"__proto__": {"x": 1}, "constructor": 2}';
  assert.equal(
    fillPlaceholders("event.input.__proto__.x event.input.constructor event.input.toString", hostile),
    "1 2 ",
  );
});

test("a large event is read in time", () => {
  const large = JSON.stringify({
    text: 'a"'.repeat(500_000),
    list: Array.from({ length: 50_000 }, (_, id) => ({ id })),
  });
  assert.equal(fillPlaceholders("event.input.list.#(id==49999).id event.input.list.#", large), "49999 50000");
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal(fillPlaceholders("event.input.0.0.#", deep), "1");
});

test("paths of GJSON that are not read are named", () => {
  const unread: readonly (readonly [text: string, named: string])[] = [
    ["a event.input.a.@pretty b", "event.input.a.@pretty"],
    ['event.input.a.#(b%"x*").c', 'event.input.a.#(b%"x*").c'],
    ["event.input.a.#(b.#(c==1)).d", "event.input.a.#(b.#(c==1)).d"],
    ["event.input.{a,b}", "event.input.{a,b}"],
    ['event.input.a.!"x"', 'event.input.a.!"x"'],
  ];
  for (const [text, named] of unread) assert.deepEqual(unreadPlaceholders(text), [named], text);
});
