/** The engine speaks as OPA does, but for what only its authors understand. */
export function plainly(reason: string): string {
  return reason.replace("unexpected eof token", "it ends too early");
}
