import type { LoadSpec } from "./spec.ts";

/** The bytes of a request that brings alert `number`. */
export function requestOf({ url, form, subjects }: LoadSpec, number: number): string {
  const { host, pathname } = new URL(url);
  const subject = subjects === "one" ? 0 : number;
  const body = JSON.stringify(form === "crosscheck" ? alert(number, subject) : [labels(number, subject)]);
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Port 1 refuses at once: a check of this page fails without costing anybody time. */
function alert(number: number, subject: number) {
  return {
    number,
    monitor: `checkout page of shop ${subject}`,
    url: `http://127.0.0.1:1/shops/${subject}/checkout`,
    reachable: "false",
    type: "keyword",
    keyword: "Place your order",
    detail: "the keyword was not found in the last 3 attempts from 2 regions",
    friendly: "Checkout is down for some customers; see the runbook before restarting anything at all",
    started: "2026-11-22T08:15:30Z",
  };
}

function labels(number: number, subject: number) {
  return {
    labels: {
      alertname: "CheckoutDown",
      ...(number === subject ? { number: String(number) } : {}),
      instance: `http://127.0.0.1:1/shops/${subject}/checkout`,
      severity: "page",
      team: "checkout",
    },
    annotations: {
      summary: "Checkout is down for some customers; see the runbook before restarting anything at all",
      description: "the keyword was not found in the last 3 attempts from 2 regions",
    },
    generatorURL: "http://127.0.0.1:1/graph",
  };
}
