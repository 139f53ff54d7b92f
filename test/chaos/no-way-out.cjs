/** Loaded before a program that is sent addresses made up by chance: nothing leaves this machine, no name is asked for. */
const dgram = require("node:dgram");
const dns = require("node:dns");
const net = require("node:net");
const { syncBuiltinESMExports } = require("node:module");

const isLocal = (host) => host === undefined || /^(localhost$|127\.|::1$|::ffff:127\.)/.test(host);
const refusal = (code) => Object.assign(new Error("tests do not leave this machine"), { code });

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = typeof first === "object" ? first?.host : args[1];
  if (typeof host !== "string" || isLocal(host)) return connect.apply(this, args);
  process.nextTick(() => this.destroy(refusal("EHOSTUNREACH")));
  return this;
};

const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (...args) {
  const host = args.findLast((each) => typeof each === "string");
  if (host === undefined || isLocal(host)) return send.apply(this, args);
  const callback = args.findLast((each) => typeof each === "function");
  process.nextTick(() => callback?.(refusal("EHOSTUNREACH")));
};

const asks = /^(lookup|lookupService|resolve\w*|reverse)$/;
const known = (name) => net.isIP(name) !== 0 || name === "localhost";
for (const holder of [dns, dns.Resolver.prototype])
  for (const name of Object.getOwnPropertyNames(holder).filter((each) => asks.test(each))) {
    const ask = holder[name];
    holder[name] = function (host, ...more) {
      if (name === "lookup" && known(host)) return ask.call(this, host, ...more);
      process.nextTick(() => more.at(-1)(refusal("ENOTFOUND")));
    };
  }
for (const holder of [dns.promises, dns.promises.Resolver.prototype])
  for (const name of Object.getOwnPropertyNames(holder).filter((each) => asks.test(each))) {
    const ask = holder[name];
    holder[name] = function (host, ...more) {
      if (name === "lookup" && known(host)) return ask.call(this, host, ...more);
      return Promise.reject(refusal("ENOTFOUND"));
    };
  }
syncBuiltinESMExports();
