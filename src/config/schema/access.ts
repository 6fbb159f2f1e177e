/** Who may use a route: a word, a list of roles, `{any, all, none}` to any depth, or one of these by method. */
import { z } from 'zod';
import { otherMethods, ruleMethods } from '../../core/policy/access.ts';
import { didYouMean } from '../nearest-name.ts';
import { Problem } from '../problem.ts';
import { described } from './key.ts';
import { methodProblem } from './methods.ts';
import { list } from './refine.ts';
import { oneOf, scalar } from './scalar.ts';
import { duration, name } from './values.ts';

export const accessWords = ['public', 'optional', 'authenticated', 'deny'] as const;
export type AccessWord = (typeof accessWords)[number];
export const isAccessWord = (value: string): value is AccessWord => (accessWords as readonly string[]).includes(value);

export const rolePattern = '[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}';
export const roleHint = 'letters, digits and _ . : / - only, at most 128';

const accessWord = scalar(oneOf(accessWords), (value): AccessWord | Problem => {
  if (typeof value === 'string' && isAccessWord(value)) return value;
  const hint = typeof value === 'string' ? didYouMean(value, accessWords) : null;
  return new Problem(
    'expected public, optional, authenticated, deny, a list of roles, { any, all, none }, or one of these by method',
    hint ?? 'a role is written as a list: [role]',
  );
});

export const roleName = name('a role', rolePattern, roleHint).meta({
  description: 'Name of a declared role.',
  examples: ['user'],
});
const expression: z.ZodObject = z
  .strictObject({
    get any() {
      return described(roleList().optional(), 'At least one of these roles or expressions.', {
        examples: [['admin', { all: ['reporter', 'trusted'] }]],
      });
    },
    get all() {
      return described(roleList().optional(), 'All of these roles and expressions.', {
        examples: [['user', 'trusted']],
      });
    },
    get none() {
      return described(roleList().optional(), 'None of these roles and expressions.', { examples: [['suspended']] });
    },
  })
  .meta({ id: 'roleExpression' });

/** Role names and role expressions. */
function roleList() {
  return list(z.union([roleName, expression]), {
    empty: ['an empty list of roles', 'name a role, or write "authenticated" for any identity, "deny" for no one'],
  });
}

/** As written; checks ensure that it is small and requires something. */
export interface RoleExpressionEntry {
  readonly any?: readonly RoleTermEntry[] | undefined;
  readonly all?: readonly RoleTermEntry[] | undefined;
  readonly none?: readonly RoleTermEntry[] | undefined;
}

export type RoleTermEntry = string | RoleExpressionEntry;

// The types of a recursive schema are not inferred.
const roles = roleList() as unknown as z.ZodType<readonly RoleTermEntry[]>;
const roleRule = expression as unknown as z.ZodType<RoleExpressionEntry>;

export const rule = z.union([accessWord, roles, roleRule]).meta({ id: 'rule' });

const methodKey = z.string().superRefine((key, context) => {
  if (key === otherMethods) return;
  for (const part of key.split(',')) {
    const problem = methodProblem(part.trim());
    if (problem === null) continue;
    const hint = problem.hint ?? didYouMean(part.trim(), [...ruleMethods, 'any', 'all', 'none']);
    const message =
      problem.message === 'expected an HTTP method'
        ? `${problem.message}, or one of any, all and none`
        : problem.message;
    context.addIssue({ code: 'custom', message, params: { hint }, input: undefined });
    return;
  }
});
const anyMethod = `(?:${ruleMethods.join('|')})`;

/** Key of a mapping by method: one method, several, or "*" for all others. */
export const methodsKey = methodKey.meta({ pattern: `^(?:\\*|${anyMethod}(?: *, *${anyMethod})*)$` });

export const access = z.union([accessWord, roles, roleRule, z.record(methodsKey, rule)]).meta({ id: 'access' });

/** How long ago callers may have signed in: one value, or one by method. */
export const signInAge = z.union([duration(1000), z.record(methodsKey, duration(1000))]);

export type AccessEntry = z.output<typeof access>;
export type RuleEntry = z.output<typeof rule>;
