import * as z from "zod";

/** The name of an HTTP header (a token of RFC 9110 §5.6.2). */
export const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, "this is no name of a header, such as X-Signature");
