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
