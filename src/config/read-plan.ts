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
      /** Names for hints. */
      readonly known: readonly string[];
    };

export interface KeyPlan {
  readonly plan: Plan;
  readonly required: boolean;
  /** Frozen, as it is by every object that lacks the key; undefined when it simply stays away. */
  readonly fallback: unknown;
}

const plans = new WeakMap<Schema, Plan>();

export function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const inner = unwrap(schema);
  const plan = inner instanceof z.ZodObject ? planObject(inner) : makePlan(inner);
  plans.set(schema, plan);
  return plan;
}

/** The schema below `.optional()` and `.prefault()`. */
export function unwrap(schema: Schema): Schema {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault) inner = inner.def.innerType;
  return inner;
}

function makePlan(schema: Schema): Plan {
  if (schema instanceof z.ZodUnion) return { kind: 'union', options: schema.options.map(planOf) };
  if (schema instanceof z.ZodArray) return { kind: 'list', element: planOf(schema.element) };
  if (schema instanceof z.ZodRecord) return { kind: 'record', key: schema.keyType, value: planOf(schema.valueType) };
  return { kind: 'scalar', schema };
}

/** An object may be part of itself, so its plan is known before its keys are. */
function planObject(schema: z.ZodObject): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const keys = new Map<string, KeyPlan>();
  const names: string[] = [];
  const plan: Plan = { kind: 'object', keys, known: names };
  plans.set(schema, plan);
  for (const [key, inner] of Object.entries<Schema>(schema.shape)) {
    const absent = z.safeParse(inner, undefined);
    const fallback = absent.success ? deepFreeze(absent.data) : undefined;
    keys.set(key, { plan: planOf(inner), required: !absent.success, fallback });
  }
  names.push(...keys.keys());
  return plan;
}
