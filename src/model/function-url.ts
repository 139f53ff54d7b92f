/** `https://<id>.lambda-url.<region>.on.aws/`: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
const functionUrlHost = /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;

/** The AWS region of a Lambda function URL; undefined for any other URL, and for what is none. */
export function functionUrlRegion(url: string): string | undefined {
  const host = URL.parse(url.trim())?.hostname.toLowerCase() ?? "";
  return functionUrlHost.exec(host)?.[1];
}
