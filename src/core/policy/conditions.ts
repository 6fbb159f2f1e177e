/**
 * The conditions of a route (`when`), as written and compiled into flat lists for evaluation. A condition has one of three values: a value
 * with several readings is neither true nor false, and `not` must not make it true.
 */

import type { ClaimType } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import type { CanonicalRequest, RequestView } from '../request/request-view.ts';
import type { RoutePattern } from '../url/path-pattern.ts';
import { ignoresCase, type PathReading } from '../url/path-reading.ts';
import type { AddressList, ListFile } from './list-file.ts';
import { holdersOf } from './role-expression.ts';
import { type RoleTable, rolesThatGrant } from './roles.ts';
import type { Stretch, TimeWindow } from './time-window.ts';

/** Fields of an identity that conditions may read: those that the Auth API guarantees, not names that users choose. */
export const conditionFields = [
  'userId',
  'source',
  'groups',
  'sessionId',
  'keyId',
  'kind',
] as const satisfies readonly (keyof Identity)[];
export type ConditionField = (typeof conditionFields)[number];

/** Where a value comes from. */
export type ValueSource =
  /** `pattern`: of the policy that reads it; if unset, it is a parameter of the route. */
  | { readonly from: 'param'; readonly name: string; readonly pattern?: RoutePattern }
  | { readonly from: 'query'; readonly name: string }
  /** In lower case. `trusted`: read only from a trusted proxy. */
  | { readonly from: 'header'; readonly name: string; readonly trusted?: true }
  | { readonly from: 'identity'; readonly field: ConditionField }
  /** A claim that the configuration declares. */
  | { readonly from: 'claim'; readonly name: string; readonly type: ClaimType };

/** Whether the value belongs to the identity, so an anonymous caller has none. */
export function isOfIdentity({ from }: ValueSource): boolean {
  return from === 'identity' || from === 'claim';
}

/** Whether the value is a list, any text of which may meet a comparison. */
export function isListSource(source: ValueSource): boolean {
  return source.from === 'claim' ? source.type === 'list' : source.from === 'identity' && source.field === 'groups';
}

export type Comparison =
  | { readonly operator: 'equals' | 'startsWith'; readonly operand: Operand }
  | { readonly operator: 'in'; readonly operand: ListOperand }
  | { readonly operator: NumberOperator; readonly operand: { readonly number: number } }
  | { readonly operator: 'exists'; readonly wanted: boolean };

export const numberOperators = ['lt', 'lte', 'gt', 'gte'] as const;
export type NumberOperator = (typeof numberOperators)[number];

/** The other side of a comparison: the author's text, or another value of the request. */
export type Operand = { readonly literal: string } | { readonly source: ValueSource };
export type ListOperand =
  /** `list`: the file that contains them; if unset, the configuration does. */
  { readonly literals: ReadonlySet<string>; readonly list?: ListFile } | { readonly source: ValueSource };

/** One step of a condition in preorder; everything up to and including `end` belongs to it. */
export type Step = GroupStep | CompareStep | AddressStep | WindowStep | StretchStep | SignInStep;

export interface GroupStep {
  readonly kind: 'all' | 'any' | 'not';
  readonly end: number;
}

export interface CompareStep {
  readonly kind: 'compare';
  readonly end: number;
  readonly subject: ValueSource;
  readonly comparison: Comparison;
}

/** Whether the client's address lies in a range. */
export interface AddressStep extends AddressList {
  readonly kind: 'address';
  readonly end: number;
}

/** Whether the time is within these hours. */
export interface WindowStep {
  readonly kind: 'window';
  readonly end: number;
  readonly window: TimeWindow;
}

/** Whether the time has begun and not ended. */
export interface StretchStep {
  readonly kind: 'stretch';
  readonly end: number;
  readonly stretch: Stretch;
}

/** Whether the user signed in recently enough. */
export interface SignInStep {
  readonly kind: 'signIn';
  readonly end: number;
  readonly maxMs: number;
}

/** One entry of `when`, or a limit of time: all of them must be met. */
export interface Criterion {
  /** The author's word for it: in `x-error`, the metric, the log. */
  readonly word: string;
  /** Reason of the refusal. */
  readonly reason: 'condition_failed' | 'access_not_active' | 'sign_in_too_old' | 'sign_in_too_weak';
  /** Text of `x-error`, fixed at load. */
  readonly message: string;
  /** Exempt roles: each that grants one of `unlessSource`; null: none. */
  readonly unless: ReadonlySet<string> | null;
  /** As written, for people. */
  readonly unlessSource: readonly string[];
  /** Roles of which an identity must hold one to be restricted: each that grants one of `onlySource`; null: every caller is. */
  readonly only: ReadonlySet<string> | null;
  /** As written, for people. */
  readonly onlySource: readonly string[];
  /** Methods to which it applies; null: all. HEAD follows GET. */
  readonly methods: readonly string[] | null;
  /** Without a list: methods to which it does not apply. */
  readonly exceptMethods: readonly string[];
  /** Its name under `conditions.named`; null: it is written where it is used. */
  readonly name: string | null;
  /** Id of the policy that requires it; null: the route does. */
  readonly policy: string | null;
  readonly steps: readonly Step[];
}

/** Facts that conditions read. */
export interface ConditionFacts {
  readonly request: CanonicalRequest;
  /** The pattern that matched the request. */
  readonly pattern: RoutePattern;
  /** The service ignores the letter case of a path. */
  readonly ignoresCase: boolean;
  readonly rawHeaders: readonly string[];
  /** Address of the client; null if it is not known for certain. */
  readonly address: string | null;
  /** Null: anonymous. */
  readonly identity: Identity | null;
  /** The peer is a trusted proxy. */
  readonly trusted: boolean;
  /** Wall clock in milliseconds; null: not known. */
  readonly nowMs: number | null;
}

/** The route's part of the facts: how it reads the path. */
export interface RouteReading {
  readonly pattern: RoutePattern;
  readonly reading: PathReading | null;
}

export function factsOf(
  view: RequestView,
  request: CanonicalRequest,
  route: RouteReading,
  identity: Identity | null,
): ConditionFacts {
  return {
    request,
    pattern: route.pattern,
    ignoresCase: ignoresCase(route.reading),
    rawHeaders: view.rawHeaders,
    address: view.address ?? null,
    identity,
    trusted: view.trusted === true,
    nowMs: view.now?.() ?? null,
  };
}

/** `unclear`: a value is missing, repeated, or can be read in more than one way. Only `met` allows a request. */
export type Truth = 'met' | 'unmet' | 'unclear';

/** A condition as written, names checked. */
export type ConditionSource =
  | { readonly all: readonly ConditionSource[] }
  | { readonly any: readonly ConditionSource[] }
  | { readonly not: ConditionSource }
  | { readonly subject: ValueSource; readonly comparison: Comparison }
  /** On the client's address. */
  | AddressList
  | { readonly window: TimeWindow };

export interface CriterionSource {
  readonly word: string;
  /** Exempt roles. */
  readonly unless: readonly string[];
  /** Restricted roles; if unset: every caller. */
  readonly only?: readonly string[];
  /** If unset: every method. */
  readonly methods?: readonly string[] | null;
  /** If unset, the route itself contains it. */
  readonly name?: string | null;
  readonly condition: ConditionSource;
}

/** Whether a request with this method must meet the condition. */
export function appliesTo(
  { methods, exceptMethods }: Pick<Criterion, 'methods' | 'exceptMethods'>,
  method: string,
): boolean {
  if (methods !== null) return isAmong(methods, method);
  return exceptMethods.length === 0 || !isAmong(exceptMethods, method);
}

function isAmong(methods: readonly string[], method: string): boolean {
  return methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

/** The values that the step reads: its subject, and the value that it is compared with. */
export function sourcesIn(step: Step): readonly ValueSource[] {
  if (step.kind !== 'compare') return [];
  const { subject, comparison } = step;
  return 'operand' in comparison && 'source' in comparison.operand ? [subject, comparison.operand.source] : [subject];
}

/** Whether it compares a value of the identity, or its sign-in. */
export function readsOfIdentity(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === 'signIn' || sourcesIn(step).some(isOfIdentity));
}

/** Null without any condition. */
export function compileConditions(
  sources: readonly CriterionSource[],
  roles: RoleTable,
  policy: string | null = null,
): readonly Criterion[] | null {
  if (sources.length === 0) return null;
  return sources.map(({ word, unless, only = [], methods = null, name = null, condition }) => {
    const steps: Step[] = [];
    append(steps, condition);
    return {
      word,
      reason: 'condition_failed',
      message: `A condition of this resource is not met: ${word}`,
      unless: unless.length === 0 ? null : new Set(unless.flatMap((role) => [...rolesThatGrant(role, roles)])),
      unlessSource: unless,
      only: only.length === 0 ? null : holdersOf(only, roles),
      onlySource: only,
      methods,
      exceptMethods: [],
      name,
      policy,
      steps,
    };
  });
}

function append(steps: Step[], source: ConditionSource): void {
  if ('subject' in source) {
    steps.push({ kind: 'compare', end: steps.length, subject: source.subject, comparison: source.comparison });
    return;
  }
  if ('ranges' in source) {
    const { ranges, contains, list } = source;
    steps.push({ kind: 'address', end: steps.length, contains, ranges, list });
    return;
  }
  if ('window' in source) {
    steps.push({ kind: 'window', end: steps.length, window: source.window });
    return;
  }
  const at = steps.length;
  const kind = 'not' in source ? 'not' : 'all' in source ? 'all' : 'any';
  steps.push({ kind, end: at });
  const parts = 'not' in source ? [source.not] : 'all' in source ? source.all : source.any;
  for (const part of parts) append(steps, part);
  steps[at] = { kind, end: steps.length - 1 };
}
