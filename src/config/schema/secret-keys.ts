/** Which keys contain secrets: messages never quote a possible secret, and code frames mask it. */
import { z } from 'zod';
import type { SecretKeys } from '../yaml/mask-secrets.ts';
import { metadata, type Schema, unwrap } from './metadata.ts';

/** Whether the value is a secret, alone, as one of several, or in a list. */
export function isSecret(schema: Schema): boolean {
  if (metadata(schema).isSecret === true) return true;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return isSecret(inner.element);
  return inner instanceof z.ZodUnion && inner.options.some(isSecret);
}

/** Whether an unknown key there can be a secret: the mapping has a key for one, or is one. */
export function mayHoldSecret(mapping: z.ZodObject): boolean {
  return isSecret(mapping) || Object.values<Schema>(mapping.shape).some(isSecret);
}

const known = new WeakMap<Schema, SecretKeys>();

/** Walks the whole schema once. */
export function secretKeysOf(file: Schema): SecretKeys {
  const keys = known.get(file) ?? findSecretKeys(file);
  known.set(file, keys);
  return keys;
}

function findSecretKeys(file: Schema): SecretKeys {
  const openSections = new Set<string>();
  const open = new Set(['file']);
  const secret = new Set<string>();
  const mappings = new Set<string>();
  const root = unwrap(file);
  for (const [name, section] of root instanceof z.ZodObject ? Object.entries<Schema>(root.shape) : []) {
    const keys = [{ name, schema: section }, ...keysBelow(section, new Set())];
    if (!keys.some(({ schema }) => isSecret(schema))) openSections.add(name);
    else {
      for (const key of keys) {
        (isSecret(key.schema) ? secret : open).add(key.name);
        if (isMapping(key.schema)) mappings.add(key.name);
      }
    }
  }
  return { openSections, openKeys: open, secretKeys: secret, mappingKeys: mappings };
}

function isMapping(schema: Schema): boolean {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) return inner.options.every(isMapping);
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord;
}

/** Conditions contain conditions, so a visited schema is not entered again. */
function keysBelow(schema: Schema, seen: Set<Schema>): { readonly name: string; readonly schema: Schema }[] {
  const inner = unwrap(schema);
  if (seen.has(inner)) return [];
  seen.add(inner);
  if (inner instanceof z.ZodArray) return keysBelow(inner.element, seen);
  if (inner instanceof z.ZodRecord) return keysBelow(inner.valueType, seen);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysBelow(option, seen));
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries<Schema>(inner.shape).flatMap(([name, key]) => [{ name, schema: key }, ...keysBelow(key, seen)]);
}
