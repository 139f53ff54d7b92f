/** The version of this package, as receivers and targets see it in `User-Agent`; a test holds it to package.json. */
export const version = "0.2.0";
