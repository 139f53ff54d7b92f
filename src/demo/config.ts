/** Where the demo's parts listen. */
export interface Places {
  readonly agents: readonly { readonly name: string; readonly url: string }[];
  readonly receiver: string;
}

export const tokenFile = "agent-token";
export const expectedText = "Text I expect to find";

/**
 * The demo's configuration: that of examples/confirm-page, with pauses made short so that nobody has to wait, and with
 * leave to look at this machine, which targets that come from an alert may not otherwise.
 */
export function demoConfig({ agents, receiver }: Places): string {
  const locations = agents.map(
    ({ name, url }) => `- {name: ${name}, type: agent, url: "${url}", token: "file:${tokenFile}"}`,
  );
  return `locations:
${locations.join("\n")}

# In place of the Internet, which this machine may not have: it tells a location that is cut off from a site that is down.
controls: ["${receiver}/one", "${receiver}/two", "${receiver}/three"]
resolvers: []

checks:
- name: storefront
  type: http
  url: "{{ input.ServiceURL.URL }}"
  timeout: 4s
  covers: [reachability, content, latency]
  retry: {attempts: 2, backoff: 100ms}
  assertions:
  - {source: status-code, comparison: equals, target: 200}
  - {source: body, comparison: contains, target: ${expectedText}}

routes:
- name: confirm-page
  input: contains(input.ServiceURL.Reachable, "false")
  subject: input.ServiceURL.URL
  checks: [storefront]
  notify:
    confirmed: [pager, chat]
    regional: [pager, chat]
    not-reproduced: [chat]
    inconclusive: [pager, chat]
    recovered: [pager, chat]
  verdict:
    sample-interval: 200ms
    deadline: 10s
    second-look: 1s
    second-look-deadline: 10s
    hold: 30s
    open-recheck: [1s]
    recovery: {runs: 2, over: 1s}

actions:
- {name: chat, type: slack, url: "${receiver}/chat"}
- {name: pager, type: webhook, url: "${receiver}/pager", fallback: [chat]}

unrouted: [pager]
trouble: [chat]

server:
  allow-private-targets: [127.0.0.0/8]
`;
}
