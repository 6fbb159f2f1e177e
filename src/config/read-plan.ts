/**
 * What to do with each part of the schema, worked out once: ten thousand routes are read by one plan, without asking
 * zod again which kind a schema is, what its keys are called and which defaults they have.
 */
import { z } from 'zod';
import { deepFreeze } from './deep-freeze.ts';

type Schema = z.core.$ZodType;

export interface ScalarPlan {
  readonly kind: 'scalar';
  readonly schema: Schema;
  /** What values without a problem were read as. */
  readonly known: Map<unknown, unknown>;
}

export type Plan =
  | ScalarPlan
  | { readonly kind: 'list'; readonly element: Plan }
  | { readonly kind: 'record'; readonly key: ScalarPlan; readonly value: Plan }
  | { readonly kind: 'union'; readonly options: readonly Plan[] }
  | {
      readonly kind: 'object';
      readonly keys: ReadonlyMap<string, Plan>;
      readonly required: readonly string[];
      /** Of keys that are left out, frozen; one without a fallback simply stays away. */
      readonly fallbacks: Readonly<Record<string, unknown>>;
      /** Names for hints. */
      readonly known: readonly string[];
    };

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
  if (schema instanceof z.ZodRecord) {
    return { kind: 'record', key: planScalar(schema.keyType), value: planOf(schema.valueType) };
  }
  return planScalar(schema);
}

function planScalar(schema: Schema): ScalarPlan {
  return { kind: 'scalar', schema, known: new Map() };
}

/** An object may be part of itself, so its plan is known before its keys are. */
function planObject(schema: z.ZodObject): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const keys = new Map<string, Plan>();
  const required: string[] = [];
  const fallbacks: Record<string, unknown> = {};
  const names: string[] = [];
  const plan: Plan = { kind: 'object', keys, required, fallbacks, known: names };
  plans.set(schema, plan);
  for (const [key, inner] of Object.entries<Schema>(schema.shape)) {
    const absent = z.safeParse(inner, undefined);
    if (!absent.success) required.push(key);
    else if (absent.data !== undefined) fallbacks[key] = deepFreeze(absent.data);
    keys.set(key, planOf(inner));
  }
  names.push(...keys.keys());
  return plan;
}
