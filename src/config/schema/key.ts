/** Metadata of every configuration key: in which direction a change of it loosens. */
import type { z } from 'zod';

/**
 * Where more gets in, others are believed, or more is exposed. `higher`, `lower`: of a number, duration, size or time. `added`, `removed`:
 * of entries; a changed entry is one of each. A list: the values of the key, from strict to loose. `any`: the values have no order.
 */
export type Direction = 'higher' | 'lower' | 'added' | 'removed' | 'any' | 'none' | readonly (string | boolean)[];

/** A value outside of the direction. */
export type Outlier = 0 | false | 'unset';

interface Outliers {
  /** Looser than all others. */
  readonly loosest?: Outlier;
  /** Stricter than all others. */
  readonly strictest?: Outlier;
}

export interface Loosening extends Outliers {
  readonly direction: Direction;
  /** One line; null if nothing is loosened and no reader would ask. */
  readonly why: string | null;
}

/** What a loosened key affects: which requests are allowed, or as whom; or who sees an identity, a credential, a port or a service. */
export type Effect = 'access' | 'exposure';

/** What a changed key does, for the reports of a comparison. `neither`: it loosens nothing. */
export type KeyClass = 'decides' | 'exposes' | 'neither';

declare module 'zod' {
  interface GlobalMeta {
    loosens?: Loosening;
    effect?: Effect;
    /** How an author writes a number. */
    unit?: 'ms' | 'bytes';
    /** The value is never shown. */
    isSecret?: boolean;
    /** It excludes another key of the same section, so the reference shows it as a comment. */
    alternative?: boolean;
  }
}

interface More {
  /** The reference shows the first one if a key has no default. */
  readonly examples?: readonly unknown[];
  readonly alternative?: boolean;
}

/** A key that affects access in one direction. */
export const decides = keyOf('access');
/** A key that affects exposure in one direction. */
export const exposes = keyOf('exposure');

function keyOf(effect: Effect) {
  return <S extends z.ZodType>(schema: S, description: string, loosens: Loosening, more: More = {}): S =>
    withMeta(schema, description, more, { loosens, effect });
}

/** A key that loosens nothing; `why`, if a reader would ask. */
export function neither<S extends z.ZodType>(
  schema: S,
  description: string,
  { why, ...more }: More & { readonly why?: string } = {},
): S {
  return withMeta(schema, description, more, { loosens: { direction: 'none', why: why ?? null } });
}

/** A section, or a key within a value that has a direction as a whole. */
export function described<S extends z.ZodType>(schema: S, description: string, more: More = {}): S {
  return withMeta(schema, description, more, {});
}

function withMeta<S extends z.ZodType>(
  schema: S,
  description: string,
  { examples, alternative }: More,
  key: { readonly loosens?: Loosening; readonly effect?: Effect },
): S {
  return schema.meta({
    description,
    ...key,
    ...(examples === undefined ? {} : { examples: [...examples] }),
    ...(alternative === undefined ? {} : { alternative }),
  });
}

const inDirection =
  (direction: Direction) =>
  (why: string, outliers: Outliers = {}): Loosening => ({ direction, why, ...outliers });

export const higher = inDirection('higher');
export const lower = inDirection('lower');
export const added = inDirection('added');
export const removed = inDirection('removed');
export const anyChange = inDirection('any');

/** `values`: all of the key, from strict to loose. */
export const ordered = (values: readonly (string | boolean)[], why: string, outliers: Outliers = {}): Loosening =>
  inDirection(values)(why, outliers);

export function classOf({ direction }: Loosening, effect: Effect | undefined): KeyClass {
  if (direction === 'none') return 'neither';
  return effect === 'exposure' ? 'exposes' : 'decides';
}

const phrases = {
  higher: 'Looser if higher',
  lower: 'Looser if lower',
  added: 'Looser with more entries',
  removed: 'Looser with fewer entries',
  any: 'Perhaps looser',
  none: 'Never looser',
} as const;

/** Such as `Looser if higher (unset is loosest)`. */
export function directionInWords({ direction, loosest, strictest }: Loosening): string {
  const phrase = typeof direction === 'string' ? phrases[direction] : `Looser from ${direction.join(' to ')}`;
  const outliers = [
    ...(loosest === undefined ? [] : [`${loosest} is loosest`]),
    ...(strictest === undefined ? [] : [`${strictest} is strictest`]),
  ];
  return outliers.length === 0 ? phrase : `${phrase} (${outliers.join(', ')})`;
}

/** A sentence for the reference and for editors; empty if there is nothing to say. */
export function inWords(loosens: Loosening): string {
  return loosens.why === null ? '' : `${directionInWords(loosens)}: ${loosens.why}.`;
}
