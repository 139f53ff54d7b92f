/**
 * A column of texts that no index is taken for, on either database. Few rows are open, pending or dead, and each has an index
 * of its own; SQLite, which does not know how few, would rather read all of an action, or of the table, in order.
 */
export function unindexed(column: string): string {
  return `${column} || ''`;
}
