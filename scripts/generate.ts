/** Writes the files that are made from the code; tests fail while they are out of date. `npm run generate` */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { configJsonSchema } from "../src/config/json-schema.ts";
import { configReference } from "../src/config/reference.ts";
import { embedMessages, pagesWithMessages } from "./embed-messages.ts";

const schema = configJsonSchema();
const schemaFile = "src/config/schema.json";
writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`);
execFileSync("oxfmt", [schemaFile]);
writeFileSync("docs/configuration.md", configReference(schema));
for (const page of pagesWithMessages) writeFileSync(page, embedMessages(readFileSync(page, "utf8")));
