/** Every key below a schema, by its path: `routes[].access`, `upstreams.*.targets`. For generated pages, and for tests. */
import { z } from 'zod';
import type { Loosening } from './schema/key.ts';
import { metadata, type Schema, unwrap } from './schema/metadata.ts';

export interface Key {
  readonly path: string;
  readonly schema: Schema;
  /** Undefined: a section, or a part of a value. */
  readonly loosens: Loosening | undefined;
  /** A key above it has a direction for the whole value. */
  readonly isPart: boolean;
}

export function keysOf(schema: Schema): readonly Key[] {
  return keysBelow(schema, '', false, []);
}

/** `above`: conditions contain conditions, so a schema is not entered again below itself. */
function keysBelow(schema: Schema, path: string, isPart: boolean, above: readonly Schema[]): readonly Key[] {
  const inner = unwrap(schema);
  if (above.includes(inner)) return [];
  const here = [...above, inner];
  if (inner instanceof z.ZodArray) return keysBelow(inner.element, `${path}[]`, isPart, here);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysBelow(option, path, isPart, here));
  if (inner instanceof z.ZodRecord) {
    const isKey = metadata(inner.valueType).loosens !== undefined;
    return (isKey ? keyAndBelow : keysBelow)(inner.valueType, `${path}.*`, isPart, here);
  }
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries<Schema>(inner.shape).flatMap(([name, key]) =>
    keyAndBelow(key, path === '' ? name : `${path}.${name}`, isPart, here),
  );
}

function keyAndBelow(schema: Schema, path: string, isPart: boolean, above: readonly Schema[]): readonly Key[] {
  const { loosens } = metadata(schema);
  return [{ path, schema, loosens, isPart }, ...keysBelow(schema, path, isPart || loosens !== undefined, above)];
}
