/**
 * Text that strangers had a hand in, for a terminal: nothing in it moves the cursor, changes colours or the direction of
 * reading. Lines and tabs stay, and the joiners that emoji and scripts need.
 */
export function terminalText(text: string): string {
  return text.replace(/(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}]/gu, "\ufffd");
}
