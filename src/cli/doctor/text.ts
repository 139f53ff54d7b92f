import { styleText } from "node:util";
import { terminalText } from "../terminal-text.ts";
import type { Diagnosis } from "./diagnosis.ts";

const words = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;
const colours = { ok: "green", warn: "yellow", fail: "red" } as const;

/** A line each, and in the last one how many are wrong. */
export function diagnosisText(
  diagnoses: readonly Diagnosis[],
  { colour }: { readonly colour: boolean },
): string {
  const width = Math.max(0, ...diagnoses.map(({ about }) => about.length));
  const lines = diagnoses.map(({ level, about, says, advice }) => {
    const word = colour ? styleText(colours[level], words[level]) : words[level];
    const text = advice === null ? says : `${says}: ${advice}`;
    return `${word}  ${about.padEnd(width)}  ${terminalText(text.replaceAll(/\s+/g, " "))}`;
  });
  return [...lines, summary(diagnoses), ""].join("\n");
}

function summary(diagnoses: readonly Diagnosis[]): string {
  const { fails, warnings } = counts(diagnoses);
  if (fails === 0 && warnings === 0) return "nothing is wrong";
  return `${fails} wrong, ${warnings} to know`;
}

export function counts(diagnoses: readonly Diagnosis[]): { fails: number; warnings: number } {
  const of = (wanted: Diagnosis["level"]) => diagnoses.filter(({ level }) => level === wanted).length;
  return { fails: of("fail"), warnings: of("warn") };
}
