/**
 * What to do with each part of the schema, worked out once: ten thousand routes are read by one plan, without asking
 * zod again which kind a schema is, what its keys are called and which defaults they have.
 */
import { z } from 'zod';
import { deepFreeze } from './deep-freeze.ts';
import { KeptValues } from './kept-values.ts';
import { type Schema, unwrap } from './schema/metadata.ts';
import { type Reader, Refusal, readerOf } from './schema/scalar.ts';
import type { Node } from './yaml/tree.ts';

export interface ScalarPlan {
  readonly kind: 'scalar';
  readonly schema: Schema;
  /** What the schema does to a value, without zod around it; null: zod is asked. */
  readonly read: Reader | null;
  /** What values without a problem were read as. */
  readonly known: KeptValues<unknown, unknown>;
}

export interface UnionPlan {
  readonly kind: 'union';
  /** In the order of the schema. */
  readonly options: readonly Plan[];
  /** The first of those that read a scalar, and of those that read a list; the first of all where there is none. */
  readonly scalar: Plan;
  readonly list: Plan;
  /** Those that read a mapping. */
  readonly maps: readonly Plan[];
}

export type Plan =
  | ScalarPlan
  | { readonly kind: 'list'; readonly element: Plan }
  | { readonly kind: 'record'; readonly key: ScalarPlan; readonly value: Plan }
  | UnionPlan
  | ObjectPlan;

export interface ObjectPlan {
  readonly kind: 'object';
  readonly keys: ReadonlyMap<string, KeyPlan>;
  readonly required: readonly string[];
  /** Of keys that are left out, frozen; one without a fallback simply stays away. */
  readonly fallbacks: Readonly<Record<string, unknown>>;
  /** Names for hints. */
  readonly known: readonly string[];
}

/** Of a key, made when a file has it: most files leave most keys out. */
export class KeyPlan {
  readonly #schema: Schema;
  #plan: Plan | null = null;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  get plan(): Plan {
    this.#plan ??= planOf(this.#schema);
    return this.#plan;
  }
}

const plans = new WeakMap<Schema, Plan>();
const objectPlans = new WeakMap<Schema, ObjectPlan>();

export function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const inner = unwrap(schema);
  const plan = inner instanceof z.ZodObject ? planObject(inner) : makePlan(inner);
  plans.set(schema, plan);
  return plan;
}

function makePlan(schema: Schema): Plan {
  if (schema instanceof z.ZodUnion) return planUnion(schema.options.map(planOf));
  if (schema instanceof z.ZodArray) return { kind: 'list', element: planOf(schema.element) };
  if (schema instanceof z.ZodRecord) {
    return { kind: 'record', key: planScalar(schema.keyType), value: planOf(schema.valueType) };
  }
  return planScalar(schema);
}

function planScalar(schema: Schema): ScalarPlan {
  return { kind: 'scalar', schema, read: readerOf(schema), known: new KeptValues() };
}

function planUnion(options: readonly Plan[]): UnionPlan {
  const [first] = options;
  const firstOf = (kind: Node['kind']) => options.find((option) => nodeKind(option) === kind) ?? first!;
  const maps = options.filter((option) => nodeKind(option) === 'map');
  return { kind: 'union', options, scalar: firstOf('scalar'), list: firstOf('list'), maps };
}

function nodeKind(plan: Plan): Node['kind'] {
  if (plan.kind === 'list') return 'list';
  return plan.kind === 'object' || plan.kind === 'record' ? 'map' : 'scalar';
}

/** An object may be part of itself, so its plan is known before its keys are. */
function planObject(schema: z.ZodObject): ObjectPlan {
  const known = objectPlans.get(schema);
  if (known !== undefined) return known;
  const keys = new Map<string, KeyPlan>();
  const required: string[] = [];
  const fallbacks: Record<string, unknown> = {};
  const names: string[] = [];
  const plan: ObjectPlan = { kind: 'object', keys, required, fallbacks, known: names };
  objectPlans.set(schema, plan);
  for (const [key, inner] of Object.entries<Schema>(schema.shape)) {
    keys.set(key, new KeyPlan(inner));
    const absent = absentValue(inner);
    if (absent === missing) required.push(key);
    else if (absent !== undefined) fallbacks[key] = deepFreeze(absent);
  }
  names.push(...keys.keys());
  return plan;
}

const missing: unique symbol = Symbol('a key that has to be there');

/** What a key that is left out counts as: undefined, a default, or `missing`. What needs no zod is not asked of it. */
function absentValue(schema: Schema): unknown {
  if (schema instanceof z.ZodOptional && !(schema.def.innerType instanceof z.ZodPrefault)) return undefined;
  if (schema instanceof z.ZodPrefault) {
    const value: unknown = schema.def.defaultValue;
    const inner: Schema = schema.def.innerType;
    const read = readerOf(inner)?.(value);
    if (read !== undefined && !(read instanceof Refusal)) return read;
    // All of it left out, which is what its own keys count as then.
    if (isKind(inner) && (inner.def.checks?.length ?? 0) === 0 && Object.keys(value as object).length === 0) {
      if (!(inner instanceof z.ZodObject)) return value;
      const { required, fallbacks } = planObject(inner);
      if (required.length === 0) return fallbacks;
    }
  } else if (isKind(schema) || readerOf(unwrap(schema))?.(undefined) instanceof Refusal) {
    return missing;
  }
  const read = z.safeParse(schema, undefined);
  return read.success ? read.data : missing;
}

/** One of the kinds that nothing but a value of their own can be. */
function isKind(schema: Schema): schema is z.ZodObject | z.ZodArray | z.ZodRecord {
  return schema instanceof z.ZodObject || schema instanceof z.ZodArray || schema instanceof z.ZodRecord;
}
