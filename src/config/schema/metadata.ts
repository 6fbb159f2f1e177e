/** Metadata of a key, from any wrapper of its schema. */
import { type core, type GlobalMeta, z } from 'zod';

export type Schema = core.$ZodType;

/** The schema below `.optional()` and `.prefault()`. */
export function unwrap(schema: Schema): Schema {
  return wrappers(schema).at(-1)!;
}

/** If two wrappers have the same metadata, the outer one applies. */
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

/** The option of a union whose discriminator has this value, or null. */
export function optionOf(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | null {
  const { options, def } = union;
  const match = options.find((option) => discriminatorOf(option, def.discriminator) === value);
  return match instanceof z.ZodObject ? match : null;
}

/** The option to which a parsed value belongs. */
export function optionFor(union: z.ZodDiscriminatedUnion, value: unknown): z.ZodObject | null {
  return optionOf(union, (value as Readonly<Record<string, unknown>>)[union.def.discriminator]);
}

/** The option whose discriminator may be absent, or null. */
export function defaultOption({ options, def: { discriminator } }: z.ZodDiscriminatedUnion): z.ZodObject | null {
  const match = options.find(
    (option) => option instanceof z.ZodObject && option.shape[discriminator] instanceof z.ZodPrefault,
  );
  return match instanceof z.ZodObject ? match : null;
}

/** The discriminator value of an option. */
export function discriminatorOf(option: Schema, key: string): string {
  const literal = option instanceof z.ZodObject ? unwrap(option.shape[key]) : null;
  return literal instanceof z.ZodLiteral ? String(literal.value) : '';
}
