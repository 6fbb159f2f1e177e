/**
 * Parses a node by its schema, key by key, so that one wrong value does not hide others. Objects, lists, mappings and alternatives are
 * walked here, because a problem needs its position and the names known there; zod parses scalars.
 */
import { z } from 'zod';
import { deepFreeze } from './deep-freeze.ts';
import { nameHint, nearestName } from './nearest-name.ts';
import { renamedKeyHint } from './renamed-keys.ts';
import { defaultOption, discriminatorOf, metadata, optionOf, type Schema, unwrap } from './schema/metadata.ts';
import type { IssueParams } from './schema/refine.ts';
import { listed } from './schema/scalar.ts';
import { mayHoldSecret } from './schema/secret-keys.ts';
import { isKeyLike } from './yaml/build-tree.ts';
import { type ProblemList, secretMark } from './yaml/problem.ts';
import { keyOffsetAt, type MapNode, type Node, nodeAt, type Path } from './yaml/tree.ts';

/** The parsed node; parts with problems are undefined, but their keys are present. */
export function readValue(schema: Schema, node: Node, problems: ProblemList): unknown {
  if (node.kind === 'scalar' && node.broken) return undefined;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) return readByKind(inner, node, problems);
  if (inner instanceof z.ZodUnknown) return plainValue(node);
  if (inner instanceof z.ZodUnion) {
    if (node.kind === 'scalar' && typeof node.value === 'string' && metadata(inner).isSecret === true)
      problems.conceal(node.value, secretMark);
    return readValue(alternativeFor(inner.options, node), node, problems);
  }
  const value =
    inner instanceof z.ZodObject
      ? readObject(inner, node, problems)
      : inner instanceof z.ZodRecord
        ? readRecord(inner, node, problems, exampleOf(schema))
        : inner instanceof z.ZodArray
          ? readList(inner, node, problems)
          : readScalar(inner, node, problems);
  if (node.kind !== 'scalar' && value !== undefined) runRules(inner, value, node, problems);
  return value;
}

/** The author's value, unchecked. */
function plainValue(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainValue);
  const out = Object.create(null) as Record<string, unknown>;
  for (const [name, { value }] of node.entries) out[name] = plainValue(value);
  return out;
}

/** One of several mappings, each with its own keys: selected by a key of the mapping. */
function readByKind(union: z.ZodDiscriminatedUnion, node: Node, problems: ProblemList): unknown {
  const key = union.def.discriminator;
  if (node.kind !== 'map') return refuseKind(node, `a mapping with "${key}"`, problems);
  const kindNode = node.entries.get(key)?.value;
  const value = kindNode?.kind === 'scalar' ? kindNode.value : undefined;
  const option = kindNode === undefined ? defaultOption(union) : optionOf(union, value);
  if (option !== null) return readValue(option, node, problems);
  const kinds = union.options.map((one) => discriminatorOf(one, key));
  if (kindNode === undefined) problems.report(node.offset, `the key "${key}" is missing`, `one of ${kinds.join(', ')}`);
  else
    problems.report(
      kindNode.offset,
      `expected ${listed(kinds)}`,
      typeof value === 'string' ? nameHint(value, kinds) : null,
    );
  return undefined;
}

/** Refinements of a section or list. */
function runRules(schema: Schema, value: unknown, node: Node, problems: ProblemList): void {
  // Each rule is typed by the value of its own schema, which is not known here.
  const payload: z.core.ParsePayload<never> = { value: value as never, issues: [] };
  for (const rule of schema._zod.def.checks ?? []) void rule._zod.check(payload);
  for (const { path = [], message = '', params } of payload.issues) {
    const { hint, ofKey } = params as IssueParams;
    const at = path as Path;
    problems.report(ofKey === true ? keyOffsetAt(node, at) : nodeAt(node, at).offset, String(message), hint);
  }
}

function readList(list: z.ZodArray, node: Node, problems: ProblemList): unknown {
  if (node.kind !== 'list') return refuseKind(node, 'a list', problems);
  return node.items.map((item) => readValue(list.element, item, problems));
}

function readScalar(schema: Schema, node: Node, problems: ProblemList): unknown {
  const result = parse(schema, node.kind === 'scalar' ? node.value : {});
  if (result.success) return result.data;
  const { message, hint } = firstIssue(result.error);
  // A hint can resemble the value of a variable.
  problems.report(node.offset, message, node.kind === 'scalar' && node.substituted ? null : hint);
  return undefined;
}

/** zod compiles a parser for each object, which takes longer than what it saves: few values are read twice. */
function parse(schema: z.core.$ZodType, value: unknown) {
  return z.safeParse(schema, value, { jitless: true });
}

/** Only the first problem of a value is reported. */
function firstIssue({ issues: [issue] }: z.core.$ZodError): { readonly message: string; readonly hint: string | null } {
  const hint: unknown = issue?.code === 'custom' ? issue.params?.['hint'] : null;
  return { message: issue?.message ?? '', hint: typeof hint === 'string' ? hint : null };
}

/** Example starts of required sections. */
const beginnings: ReadonlyMap<string, string> = new Map([
  ['version', 'start with "version: 1"'],
  [
    'routes',
    'define what is reachable: routes: [{ id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }]',
  ],
]);

function readObject(object: z.ZodObject, node: Node, problems: ProblemList): unknown {
  const { shape } = object;
  const known = Object.keys(shape);
  if (node.kind !== 'map') {
    const names = known.slice(0, 3).join(', ');
    return refuseKind(node, `a mapping with ${known.length > 3 ? 'keys such as' : 'the keys'} ${names}`, problems);
  }
  for (const [name, { keyOffset }] of node.entries) {
    if (Object.hasOwn(shape, name)) continue;
    const hint = renamedKeyHint(name, shape);
    if (hint !== null) problems.report(keyOffset, `unknown key "${name}"`, hint);
    else reportUnknown(name, keyOffset, known, mayHoldSecret(object), problems);
  }
  const out: Record<string, unknown> = {};
  for (const key of known) {
    const entry = node.entries.get(key);
    const value = entry === undefined ? absentValue(shape[key]) : readValue(shape[key], entry.value, problems);
    if (value === missing) problems.report(node.offset, `the key "${key}" is missing`, beginnings.get(key) ?? null);
    else if (entry !== undefined || value !== undefined) out[key] = value;
  }
  return out;
}

/** A name unlike any key can be a value, and next to the key of a secret, a secret (`{ adminToken, x }`). */
function reportUnknown(
  name: string,
  offset: number,
  known: readonly string[],
  mayBeSecret: boolean,
  problems: ProblemList,
): void {
  const isQuoted = isKeyLike(name) && (!mayBeSecret || nearestName(name, known) !== null);
  problems.report(offset, isQuoted ? `unknown key "${name}"` : 'unknown key', nameHint(name, known));
}

const missing: unique symbol = Symbol('a required key');
const absentValues = new WeakMap<Schema, unknown>();

/** The value of an absent key: undefined, its default, or `missing`. Computed once per key. */
function absentValue(schema: Schema): unknown {
  if (absentValues.has(schema)) return absentValues.get(schema);
  const read = parse(schema, undefined);
  const value = read.success ? deepFreeze(read.data) : missing;
  absentValues.set(schema, value);
  return value;
}

function readRecord({ keyType, valueType }: z.ZodRecord, node: Node, problems: ProblemList, example: unknown): unknown {
  if (node.kind !== 'map') return refuseKind(node, 'a mapping', problems, `write ${shownMapping(example)}`);
  // Names are the author's, so nothing may be inherited.
  const out = Object.create(null) as Record<string, unknown>;
  for (const [name, { keyOffset, value }] of node.entries) {
    const key = parse(keyType, name);
    if (key.success) out[name] = readValue(valueType, value, problems);
    else {
      const { message, hint } = firstIssue(key.error);
      problems.report(keyOffset, message, hint);
    }
  }
  return out;
}

function exampleOf(schema: Schema): unknown {
  const { examples } = metadata(schema) as { readonly examples?: readonly unknown[] };
  return examples?.[0];
}

/** An example of texts alone is short enough for a hint. */
function shownMapping(example: unknown): string {
  const entries = Object.entries(example ?? {});
  const isShort = entries.length > 0 && entries.every(([, value]) => typeof value === 'string');
  return isShort ? `{ ${entries.map(([name, value]) => `${name}: ${value}`).join(', ')} }` : '{ name: value }';
}

function refuseKind(node: Node, expected: string, problems: ProblemList, ofList: string | null = null): undefined {
  const empty = node.kind === 'scalar' && node.value === null;
  const ofScalar = expected === 'a list' && !empty ? 'write [value]' : null;
  problems.report(
    node.offset,
    empty ? `expected ${expected}, but there is nothing here` : `expected ${expected}`,
    node.kind === 'list' ? ofList : node.kind === 'scalar' ? ofScalar : null,
  );
  return undefined;
}

/** The alternative that a node belongs to: by its kind, and for mappings by its keys. */
function alternativeFor(options: readonly Schema[], node: Node): Schema {
  const fitting = options.filter((option) => kindOf(option) === node.kind);
  if (node.kind !== 'map') return fitting[0] ?? options[0]!;
  return fitting.find((option) => sharesKey(option, node)) ?? fitting.at(-1) ?? options[0]!;
}

function kindOf(schema: Schema): Node['kind'] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return 'list';
  return inner instanceof z.ZodObject || inner instanceof z.ZodRecord ? 'map' : 'scalar';
}

function sharesKey(schema: Schema, { entries }: MapNode): boolean {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject && Object.keys(inner.shape).some((key) => entries.has(key));
}
