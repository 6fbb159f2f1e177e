/**
 * The compiled conditions of a route (`when`): flat lists that a request only walks. A condition answers one of three
 * things, since what cannot be read in exactly one way is neither true nor false, and `not` must not make it true.
 */
import type { TrustedProxies } from '../forwarding/trusted-proxies.ts';
import type { Identity } from '../identity/identity.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { RoutePattern } from '../routing/path-pattern.ts';

/** Fields of an identity that conditions may read: what the Auth API vouches for, not what people call themselves. */
export const conditionFields = [
  'userId',
  'groups',
  'sessionId',
  'keyId',
  'kind',
] as const satisfies readonly (keyof Identity)[];
export type ConditionField = (typeof conditionFields)[number];

/** Where a value comes from. */
export type ValueSource =
  | { readonly from: 'param'; readonly name: string }
  | { readonly from: 'query'; readonly name: string }
  /** In lower case. */
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'identity'; readonly field: ConditionField };

export type Comparison =
  | { readonly operator: 'equals' | 'startsWith'; readonly operand: Operand }
  | { readonly operator: 'in'; readonly operand: ListOperand }
  | { readonly operator: 'exists'; readonly wanted: boolean };

/** What a value is compared with: the author's own text, or another value of the request. */
export type Operand = { readonly literal: string } | { readonly source: ValueSource };
export type ListOperand = { readonly literals: ReadonlySet<string> } | { readonly source: ValueSource };

/** One step of a condition in preorder; everything up to and including `end` belongs to it. */
export type Step = GroupStep | CompareStep | AddressStep;

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
export interface AddressStep {
  readonly kind: 'address';
  readonly end: number;
  readonly contains: TrustedProxies;
  /** As written. */
  readonly ranges: readonly string[];
}

/** One entry of `when`: all of them must be met. */
export interface Criterion {
  /** The author's word for it: in `x-error`, the metric, the log. */
  readonly word: string;
  /** Text of `x-error`, fixed at load. */
  readonly message: string;
  /** Roles that are exempt: everyone that grants one of `unlessSource`; null: nobody is. */
  readonly unless: ReadonlySet<string> | null;
  /** As written, for people. */
  readonly unlessSource: readonly string[];
  readonly steps: readonly Step[];
}

/** What conditions are about. */
export interface ConditionFacts {
  readonly request: CanonicalRequest;
  /** That the request was matched by. */
  readonly pattern: RoutePattern;
  /** The service takes capital letters of a path for small ones. */
  readonly ignoresCase: boolean;
  readonly rawHeaders: readonly string[];
  /** Address of the client; null when it is not known for certain. */
  readonly address: string | null;
  /** Null: anonymous. */
  readonly identity: Identity | null;
}

/** `unclear`: a value is missing, repeated, or can be read in more than one way. Only `met` lets a request pass. */
export type Truth = 'met' | 'unmet' | 'unclear';
