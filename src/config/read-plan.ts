/**
 * What to do with each part of the schema, worked out once: ten thousand routes are read by one plan, without asking
 * zod again which kind a schema is, what its keys are called and which defaults they have.
 */
import { z } from 'zod';
import { deepFreeze } from './deep-freeze.ts';

type Schema = z.core.$ZodType;

export type Plan =
  | { readonly kind: 'scalar'; readonly schema: Schema }
  | { readonly kind: 'list'; readonly element: Plan }
  | { readonly kind: 'record'; readonly key: Schema; readonly value: Plan }
  | { readonly kind: 'union'; readonly options: readonly Plan[] }
  | {
      readonly kind: 'object';
      readonly keys: ReadonlyMap<string, KeyPlan>;
      /** Names for hints: reserved keys are not among them. */
      readonly known: readonly string[];
    };

export interface KeyPlan {
  readonly plan: Plan;
  readonly reserved: boolean;
  readonly required: boolean;
  /** Frozen, as it is by every object that lacks the key; undefined when it simply stays away. */
  readonly fallback: unknown;
}

const plans = new WeakMap<Schema, Plan>();

export function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const plan = makePlan(unwrap(schema));
  plans.set(schema, plan);
  return plan;
}

/** The schema below `.optional()` and `.prefault()`. */
export function unwrap(schema: Schema): Schema {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault) inner = inner.def.innerType;
  return inner;
}

export function isReserved(schema: Schema): boolean {
  return z.globalRegistry.get(unwrap(schema))?.['not'] !== undefined;
}

function makePlan(schema: Schema): Plan {
  if (schema instanceof z.ZodUnion) return { kind: 'union', options: schema.options.map(planOf) };
  if (schema instanceof z.ZodArray) return { kind: 'list', element: planOf(schema.element) };
  if (schema instanceof z.ZodRecord) return { kind: 'record', key: schema.keyType, value: planOf(schema.valueType) };
  if (!(schema instanceof z.ZodObject)) return { kind: 'scalar', schema };
  const keys = new Map<string, KeyPlan>();
  for (const [key, inner] of Object.entries<Schema>(schema.shape)) {
    const absent = z.safeParse(inner, undefined);
    const fallback = absent.success ? deepFreeze(absent.data) : undefined;
    keys.set(key, { plan: planOf(inner), reserved: isReserved(inner), required: !absent.success, fallback });
  }
  return { kind: 'object', keys, known: [...keys].filter(([, { reserved }]) => !reserved).map(([key]) => key) };
}
