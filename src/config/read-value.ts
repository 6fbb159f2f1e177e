/**
 * Reads a node by its schema, key by key, so that one wrong value hides no other. Objects, lists, mappings and
 * alternatives are walked here, because a problem needs its own place and the names known there; scalars are zod's.
 */
import { type core, z } from 'zod';
import { nameHint } from './nearest-name.ts';
import type { Report } from './problem.ts';
import type { ObjectPlan, Plan, ScalarPlan, UnionPlan } from './read-plan.ts';
import { Refusal } from './schema/scalar.ts';
import { type MapNode, type Node, ReadEntry } from './yaml/tree.ts';

/** What the schema of the plan makes of the node; parts that had problems are undefined. */
export function readValue(plan: Plan, node: Node, report: Report): unknown {
  if (node.kind === 'scalar') return node.broken ? undefined : readAs(plan, node, report);
  if (node instanceof ReadEntry) return node.value;
  const { reading } = node;
  if (reading === undefined) return readAs(plan, node, report);
  if (reading.plan !== plan) {
    reading.value = readAs(plan, node, report);
    reading.plan = plan;
  }
  return reading.value;
}

function readAs(plan: Plan, node: Node, report: Report): unknown {
  switch (plan.kind) {
    case 'scalar':
      return readScalar(plan, node, report);
    case 'union':
      return readValue(optionFor(plan, node), node, report);
    case 'object':
      return readObject(plan, node, report);
    case 'list':
      if (node.kind !== 'list') return refuseKind(node, 'a list', report);
      return node.items.map((item) => readValue(plan.element, item, report));
    case 'record':
      return readRecord(plan, node, report);
  }
}

function readScalar(plan: ScalarPlan, node: Node, report: Report): unknown {
  const value = node.kind === 'scalar' ? node.value : Object.freeze({});
  const before = plan.known.find(value);
  if (before !== undefined) return before;
  const hideHint = node.kind === 'scalar' && node.substituted;
  const read = plan.read === null ? readByZod(plan, value) : plan.read(value);
  if (read instanceof Refusal) {
    // A hint can be near to the value of a variable.
    report(node.offset, read.message, hideHint ? null : read.hint);
    return undefined;
  }
  if (node.kind === 'scalar' && !node.substituted) remember(plan, value, read);
  return read;
}

function readByZod({ schema }: ScalarPlan, value: unknown): unknown {
  const result = z.safeParse(schema, value);
  return result.success ? result.data : refusalOf(result.error);
}

/** Names and units are repeated throughout a long file, and are read once. */
function remember(plan: ScalarPlan, value: unknown, read: unknown): void {
  if (typeof read !== 'object' || read === null) plan.known.keep(value, read);
}

/** Only the first problem of a value is told. */
function refusalOf({ issues: [issue] }: core.$ZodError): Refusal {
  const hint: unknown = issue?.code === 'custom' ? issue.params?.['hint'] : null;
  return new Refusal(issue?.message ?? '', typeof hint === 'string' ? hint : null);
}

/** How sections begin without which there is no configuration. */
const beginnings: ReadonlyMap<string, string> = new Map([
  ['version', 'start with "version: 1"'],
  ['authApi', 'who knows credentials: authApi: { url: "http://auth-api:8081" }'],
  [
    'routes',
    'what is reachable: routes: [{ id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }]',
  ],
]);

function readObject(plan: ObjectPlan, node: Node, report: Report): unknown {
  const { keys, known } = plan;
  if (node.kind !== 'map') {
    const names = known.slice(0, 3).join(', ');
    return refuseKind(node, `a mapping with ${known.length > 3 ? 'keys such as' : 'the keys'} ${names}`, report);
  }
  const out: Record<string, unknown> = { ...plan.fallbacks };
  const { entries } = node;
  for (let entry = entries.first; entry !== null; entry = entry.next) {
    const { name } = entry;
    const inner = keys.get(name);
    if (inner === undefined) report(entry.keyOffset, `unknown key "${name}"`, nameHint(name, known));
    else out[name] = readValue(inner.plan, entry.value, report);
  }
  for (const key of plan.required) {
    if (entries.get(key) === null) report(node.offset, `the key "${key}" is missing`, beginnings.get(key) ?? null);
  }
  return out;
}

/** By names that an author makes up: nothing is inherited. One made by `Object.create(null)` would be slow to list. */
const NameRecord = function NameRecord() {} as unknown as new () => Record<string, unknown>;
NameRecord.prototype = Object.freeze(Object.create(null));

function readRecord(plan: Extract<Plan, { kind: 'record' }>, node: Node, report: Report): unknown {
  if (node.kind !== 'map') return refuseKind(node, 'a mapping', report);
  const out = new NameRecord();
  for (let entry = node.entries.first; entry !== null; entry = entry.next) {
    const key = entry.name;
    if (plan.key.known.find(key) === undefined) {
      const name = readByZod(plan.key, key);
      if (name instanceof Refusal) {
        report(entry.keyOffset, name.message, name.hint);
        continue;
      }
      remember(plan.key, key, key);
    }
    out[key] = readValue(plan.value, entry.value, report);
  }
  return out;
}

function refuseKind(node: Node, expected: string, report: Report): undefined {
  const empty = node.kind === 'scalar' && node.value === null;
  const hint = expected === 'a list' && node.kind === 'scalar' && !empty ? 'write [value]' : null;
  report(node.offset, empty ? `expected ${expected}, but nothing stands here` : `expected ${expected}`, hint);
  return undefined;
}

/** The alternative that a node is meant as: by its kind, and among mappings by the keys that it has. */
function optionFor({ options, scalar, list, maps }: UnionPlan, node: Node): Plan {
  if (node.kind !== 'map') return node.kind === 'list' ? list : scalar;
  return maps.find((option) => sharesKey(option, node)) ?? maps.at(-1) ?? options[0]!;
}

function sharesKey(plan: Plan, { entries }: MapNode): boolean {
  return plan.kind === 'object' && plan.known.some((key) => entries.get(key) !== null);
}
