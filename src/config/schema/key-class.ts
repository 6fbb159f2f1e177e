/** Metadata of every configuration key: whether changing it affects access or exposure. */
import type { z } from 'zod';

/**
 * `decides`: which requests are allowed, or as whom. `exposes`: who sees an identity, a credential, a port or a service.
 * `neither`: anything else, such as how long, how much, or how it is logged.
 */
export type KeyClass = 'decides' | 'exposes' | 'neither';

declare module 'zod' {
  interface GlobalMeta {
    class?: KeyClass;
    /** How an author writes a number. */
    unit?: 'ms' | 'bytes';
    /** The value is never shown. */
    isSecret?: boolean;
    /** It excludes another key of the same section, so the reference shows it as a comment. */
    alternative?: boolean;
    /** Keys that this section had before, and their replacements. */
    former?: Readonly<Record<string, string>>;
  }
}

interface More {
  /** The reference shows the first one if a key has no default. */
  readonly examples?: readonly unknown[];
  readonly alternative?: boolean;
}

/** A key whose change decides which requests are allowed, or as whom. */
export const decides = keyOf('decides');
/** A key whose change exposes something to other parties. */
export const exposes = keyOf('exposes');
/** A key of neither kind. */
export const neither = keyOf('neither');
/** A section, or a key within a value that has a class as a whole. */
export const described = keyOf(undefined);

function keyOf(keyClass: KeyClass | undefined) {
  return <S extends z.ZodType>(schema: S, description: string, { examples, alternative }: More = {}): S =>
    schema.meta({
      description,
      ...(keyClass === undefined ? {} : { class: keyClass }),
      ...(examples === undefined ? {} : { examples: [...examples] }),
      ...(alternative === undefined ? {} : { alternative }),
    });
}
