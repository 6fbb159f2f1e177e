/** Keys under `when` and `conditions`: comparisons of a request, small enough to read aloud. */
import { z } from 'zod';
import { type ConditionField, conditionFields } from '../../core/policy/conditions.ts';
import { didYouMean } from '../nearest-name.ts';
import { Problem } from '../problem.ts';
import { parseMoment } from '../units/quantities.ts';
import { roleHint, rolePattern } from './access.ts';
import { anyChange, decides, described, neither } from './key.ts';
import { method } from './methods.ts';
import { list, refined } from './refine.ts';
import { anyText, bool, orReference, scalar, text, word } from './scalar.ts';
import { time } from './time-window.ts';
import { cidr, declared, headerKey, headerName, momentPattern, name } from './values.ts';

/** A number, true or false is allowed only for a claim of that type. */
const operandText = () =>
  scalar({ type: ['string', 'number', 'boolean'] }, (value): string | number | boolean | Problem => {
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value === 'string' && value !== '') return value;
    const expected = 'expected a text, or a value such as identity.userId or param.id';
    return new Problem(value === '' ? `${expected}, not an empty value` : expected);
  });

/** A list in a file. */
function listFile(what: string, example: string) {
  const file = anyText('the path of a file').meta({
    description: `${what}; "#" begins a comment. Names are relative to the folder of the configuration file.`,
    examples: [example],
  });
  return z.strictObject({ file });
}

const inOperand = z.union([
  operandText(),
  list(operandText(), {
    empty: ['an empty list contains nothing', 'name a value, or remove the condition'],
    most: [1000, 'values'],
    distinct: 'value',
  }),
  listFile('A file with one value on each line', 'plans.txt'),
]);

const ranges = list(cidr(), { empty: ['an empty list of ranges', 'name a range such as 10.0.0.0/8'] });

export type SubjectField = ConditionField | `claims.${string}`;

const json = { anyOf: [{ enum: [...conditionFields] }, { pattern: '^claims\\..+$' }] };
const field = scalar(json, (value): SubjectField | Problem => {
  if (typeof value === 'string' && /^claims\../.test(value)) return value as `claims.${string}`;
  const match = conditionFields.find((known) => known === value);
  if (match !== undefined) return match;
  if (value === 'roles') return new Problem('conditions do not read roles', 'write roles under "access" or "unless"');
  const hint = typeof value === 'string' ? didYouMean(value, conditionFields) : null;
  return new Problem(`expected ${conditionFields.join(', ')}, or a claim such as claims.plan`, hint);
});

/** A number, or a time in milliseconds. */
export type Bound = number | { readonly timeMs: number };

/** Three digits after the point are enough, and leave room between two bounds. */
function bound() {
  const expected = 'expected a number, such as 100 or 2.5, with at most 3 digits after the point';
  const json = { type: ['number', 'string'], pattern: orReference(`-?[0-9]+(?:\\.[0-9]{1,3})?|${momentPattern}`) };
  return scalar(json, (value): Bound | Problem => {
    const text = typeof value === 'number' ? String(value) : value;
    const timeMs = typeof text === 'string' ? parseMoment(text) : null;
    if (timeMs !== null) return { timeMs };
    if (typeof text !== 'string' || !/^-?\d{1,15}(?:\.\d{1,3})?$/.test(text)) return new Problem(expected);
    return Number(text);
  });
}

export const subjects = {
  param: described(
    anyText('the name of a path parameter').optional(),
    'Compares {name} of "match.path", decoded once.',
    { examples: ['tenant'] },
  ),
  query: described(anyText('the name of a query parameter').optional(), 'Compares a query parameter, decoded once.', {
    examples: ['page'],
  }),
  header: described(headerName().optional(), 'Compares a header that "conditions.headers" lists.', {
    examples: ['x-region'],
  }),
  identity: described(
    field.optional(),
    `Compares a field of the identity: ${conditionFields.join(', ')}, or a claim such as claims.plan. A list meets the comparison if one of its texts does.`,
    { examples: ['groups'] },
  ),
  client: described(word(['address']).optional(), 'Compares the address of the client; with "cidr".', {
    examples: ['address'],
  }),
};

export const operators = {
  equals: described(
    operandText().optional(),
    'The value is this text, or that of param.x, query.x, header.x or identity.x.',
    { examples: ['identity.userId'] },
  ),
  in: described(
    inOperand.optional(),
    'The value is one of a list, of the lines of a file ({ file: ... }), or of identity.groups.',
    {
      examples: ['identity.groups'],
    },
  ),
  startsWith: described(operandText().optional(), 'The value begins with this text, or with that of another value.', {
    examples: ['acme-'],
  }),
  lt: described(
    bound().optional(),
    'The value is a number below this one, or a claim of type time is before this time.',
    { examples: [100] },
  ),
  lte: described(
    bound().optional(),
    'The value is a number less than or equal to this one, or a claim of type time is not after this time.',
    { examples: [100] },
  ),
  gt: described(
    bound().optional(),
    'The value is a number above this one, or a claim of type time is after this time.',
    { examples: [0] },
  ),
  gte: described(
    bound().optional(),
    'The value is a number greater than or equal to this one, or a claim of type time is not before this time.',
    { examples: [1, '2026-12-01T00:00:00Z'] },
  ),
  exists: described(bool().optional(), 'Whether the value is present.', { examples: [true] }),
  cidr: described(
    z.union([cidr(), ranges, listFile('A file with one range or address on each line', 'blocked.txt')]).optional(),
    'The address is in one of these ranges, or in one from a file ({ file: ... }).',
    {
      examples: [['10.0.0.0/8']],
    },
  ),
};

const comparison = z.strictObject({
  ...subjects,
  ...operators,
  time: described(time.optional(), 'The request arrives within these hours.', {
    examples: [{ days: ['mon', 'fri'], from: '08:00', to: '18:00', zone: 'Europe/Berlin' }],
  }),
});

const condition: z.ZodObject = z
  .strictObject({
    ...comparison.shape,
    get all() {
      return group('all').optional().meta({ description: 'Every one of these is met.' });
    },
    get any() {
      return group('any').optional().meta({ description: 'At least one of these is met.' });
    },
    get not() {
      return condition.optional().meta({ description: 'This is not met; unclear stays unclear.' });
    },
  })
  .meta({ id: 'condition' });

function group(key: 'all' | 'any') {
  const empty = [`an empty "${key}" has no meaning`, 'add a condition, or remove it'] as const;
  return list(condition, { empty, most: [32, 'conditions'] });
}

export const reasonPattern = '[a-z][a-z0-9]*(?:_[a-z0-9]+)*';
const reasonExact = new RegExp(`^${reasonPattern}$`);

export const exempt = list(name('a role', rolePattern, roleHint), {
  empty: ['an empty list of roles', 'name a role, or remove it'],
});

const wordHint = 'lower case, digits and _ only, at most 64';
const reasonWord = text(
  'a word for what is wrong, such as wrong_tenant',
  (value) =>
    value.length <= 64 && reasonExact.test(value)
      ? value
      : new Problem('expected a word such as wrong_tenant', wordHint),
  reasonPattern,
);

const further = {
  methods: described(
    list(method, {
      empty: ['an empty list of methods applies to nothing', 'remove it to apply to every method'],
      distinct: 'method',
    }).optional(),
    'Methods to which it applies; HEAD follows GET. If unset, every method.',
    { examples: [['DELETE']] },
  ),
  unless: described(exempt.optional(), 'Roles that are exempt.', {
    examples: [['admin']],
  }),
};

const criterion = z.strictObject({
  ...condition.shape,
  reason: described(reasonWord, 'Reported in x-error, in metrics and in the log if the condition is not met.', {
    examples: ['wrong_tenant'],
  }),
  ...further,
});

const namedCriterion = z
  .strictObject({
    ...condition.shape,
    reason: described(
      reasonWord.optional(),
      'Reported in x-error, in metrics and in the log if the condition is not met. If unset, the name of the condition.',
      { examples: ['wrong_tenant'] },
    ),
    ...further,
  })
  .meta({ id: 'namedCondition' });

/** As written; checks ensure that it has exactly one subject and one operator, or one group. */
export interface ConditionEntry extends z.output<typeof comparison> {
  readonly all?: readonly ConditionEntry[] | undefined;
  readonly any?: readonly ConditionEntry[] | undefined;
  readonly not?: ConditionEntry | undefined;
}

export interface CriterionEntry extends ConditionEntry {
  readonly reason?: string | undefined;
  readonly unless?: readonly string[] | undefined;
  readonly methods?: readonly string[] | undefined;
}

/** An entry of `when`: a condition, or the name of one. */
export type WhenEntry = string | CriterionEntry;

const nameOfCondition = text(
  'the name of a condition, or a condition with "reason"',
  (value) => value,
  reasonPattern,
).meta({
  description: 'Name of a condition under "conditions.named".',
  examples: ['same_tenant'],
});

// The types of a recursive schema are not inferred, so that its users name them.
export const when = list(z.union([nameOfCondition, criterion]) as unknown as z.ZodType<WhenEntry>, {
  empty: ['an empty list of conditions demands nothing', 'remove it'],
  most: [32, 'conditions'],
});

const named = z.record(
  declared('a condition', reasonPattern, wordHint),
  namedCriterion as unknown as z.ZodType<CriterionEntry>,
);

const maxHeaders = 32;

export const conditionSettings = z.strictObject({
  named: decides(
    named.prefault({}),
    'Conditions by name, for "when" of routes: "when: [same_tenant]". "rolegate validate" reports unused names.',
    anyChange('requests meet another condition'),
    { examples: [{ same_tenant: { param: 'tenant', in: 'identity.groups' } }] },
  ),
  headers: decides(
    refined(z.record(headerKey, word(['any', 'trusted'])), (headers, { at }) => {
      if (Object.keys(headers).length > maxHeaders) at([], `at most ${maxHeaders} headers`);
    }).prefault({}),
    'Request headers that conditions may read, and from whom. "any": from every peer, so a client can send any value. "trusted": only from a peer of "server.trustedProxies", such as the result of a client certificate; it is removed from requests of other peers, in any spelling.',
    anyChange('conditions may read what any client can send, or services receive it from any client'),
    { examples: [{ 'x-region': 'any' }] },
  ),
  allowEveryAddress: neither(
    bool().prefault(false),
    'Allows a "cidr" that contains every address and so has no effect. Otherwise such a condition is an error. If true, each start logs a warning about it.',
    { why: 'the condition itself is compared' },
  ),
});
