import * as z from "zod";

/** One kind of thing (a probe, an action, a location, a source): its word in `type:` and its settings. */
export interface Kind {
  readonly name: string;
  readonly settings: z.ZodType;
}

/**
 * The schema of settings of any of the kinds, told apart by `type`. The casts stand here alone: zod cannot know the types of
 * a list that is mapped, and a kind without a `type` it refuses when the program starts.
 */
export function anyOf<const Kinds extends readonly Kind[]>(kinds: Kinds) {
  type Settings = { [Index in keyof Kinds]: Kinds[Index]["settings"] }[number];
  type Options = readonly [
    Settings & z.core.$ZodTypeDiscriminable,
    ...(Settings & z.core.$ZodTypeDiscriminable)[],
  ];
  return z.discriminatedUnion(
    "type",
    kinds.map((kind) => kind.settings) as unknown as Options,
  ) as unknown as z.ZodType<z.output<Settings>, z.input<Settings>>;
}
