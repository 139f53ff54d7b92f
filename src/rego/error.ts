/** Where something stands in a source: rows and columns count from 1, columns in UTF-16 units. */
export interface Pos {
  readonly file: string;
  readonly row: number;
  readonly col: number;
}

/** The kinds of trouble, with OPA's names; `eval_budget_error` is ours (OPA has no step budget). */
export type ErrorCode =
  | "rego_parse_error"
  | "rego_compile_error"
  | "rego_type_error"
  | "rego_unsafe_var_error"
  | "rego_recursion_error"
  | "eval_type_error"
  | "eval_builtin_error"
  | "eval_conflict_error"
  | "eval_cancel_error"
  | "eval_budget_error"
  | "eval_internal_error";

const NOWHERE: Pos = { file: "", row: 0, col: 0 };

/** The only error this folder throws. `message` is `code: reason`; `toString` adds the place, as OPA prints it. */
export class RegoError extends Error {
  override name = "RegoError";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly file: string;
  readonly row: number;
  readonly col: number;

  constructor(code: ErrorCode, reason: string, pos: Pos = NOWHERE, options?: ErrorOptions) {
    super(`${code}: ${reason}`, options);
    this.code = code;
    this.reason = reason;
    this.file = pos.file;
    this.row = pos.row;
    this.col = pos.col;
  }

  override toString(): string {
    return this.row === 0 ? this.message : `${this.file || "query"}:${this.row}: ${this.message}`;
  }
}

/** A builtin's complaint about its operands. It ends the branch, or the evaluation when `strict`; never the process. */
export class BuiltinError extends Error {
  override name = "BuiltinError";
  readonly code: ErrorCode;

  constructor(message: string, code: ErrorCode = "eval_builtin_error") {
    super(message);
    this.code = code;
  }
}
