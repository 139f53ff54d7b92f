/**
 * A word of a POSIX shell's command line (POSIX.1-2024, Shell Command Language, 2.2 Quoting): as it is where nothing in it
 * means anything to a shell, else in single quotes, in which nothing does.
 */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * A secret's place on a command line: the variable that the configuration names, for whoever has it too; of all others,
 * literal or in a file, only that there is one. `before` is what stands before it in the same word.
 */
export function shellSecret(before: string, reference: string): string {
  return /^\$[A-Za-z_]\w*$/.test(reference)
    ? `${before === "" ? "" : shellWord(before)}"${reference}"`
    : shellWord(`${before}[secret]`);
}
