/** The configuration may write `{{ … }}`, which is rendered per alert: what it yields is judged at run time. */
export function isTemplate(value: unknown): boolean {
  return typeof value === "string" && value.includes("{{");
}
