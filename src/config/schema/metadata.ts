/** What the schema says of a key, whichever of its wrappers says it. */
import { type core, type GlobalMeta, z } from 'zod';

export type Schema = core.$ZodType;

/** The schema below `.optional()` and `.prefault()`. */
export function unwrap(schema: Schema): Schema {
  return wrappers(schema).at(-1)!;
}

/** Of two wrappers that say the same, the outer one counts. */
export function metadata(schema: Schema): GlobalMeta {
  return Object.assign(
    {},
    ...wrappers(schema)
      .toReversed()
      .map((layer) => z.globalRegistry.get(layer)),
  );
}

/** The schema itself, and what it wraps. */
export function wrappers(schema: Schema): readonly Schema[] {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault;
  return isWrapper ? [schema, ...wrappers(schema.def.innerType)] : [schema];
}

/** The option of a union whose discriminator has this value; null: none has. */
export function optionOf(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | null {
  const { options, def } = union;
  const found = options.find((option) => discriminatorOf(option, def.discriminator) === value);
  return found instanceof z.ZodObject ? found : null;
}

/** The option that a value, which has been read, is of. */
export function optionFor(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | null {
  return optionOf(union, (value as Readonly<Record<string, unknown>>)[union.def.discriminator]);
}

/** The word that tells an option from the others. */
export function discriminatorOf(option: Schema, key: string): string {
  const literal: unknown = option instanceof z.ZodObject ? option.shape[key] : null;
  return literal instanceof z.ZodLiteral ? String(literal.value) : '';
}
