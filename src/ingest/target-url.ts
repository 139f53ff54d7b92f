/** An http(s) URL, without a user name and password; null for anything else. */
export function targetUrl(value: unknown): string | null {
  const url = typeof value === "string" ? URL.parse(value.trim()) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  // It becomes a subject, which is shown to everybody.
  url.username = "";
  url.password = "";
  return url.href;
}
