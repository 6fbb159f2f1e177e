/** `GET /reach`: what a role, or an identity of the tests, can reach by the rules in use. */
import { z } from 'zod';
import { defineOperation, invalidQuestion, json, type Operation, withToken } from './operation.ts';

export type ReachQuestion = { readonly role: string } | { readonly as: string };

/** Plain data, or the reason for its absence, in words for the caller. */
export type ShowReach = (who: ReachQuestion) => Promise<object | { readonly detail: string }>;

const expected = 'expected one parameter, "role" or "as", once';
const name = z.string().min(1, expected).max(256, expected);

const query = z.strictObject(
  {
    role: name.describe('Name of a role; this or "as".').optional(),
    as: name.describe('Name of an identity under "tests"; this or "role".').optional(),
  },
  expected,
);

export function reachOperation(showReach: ShowReach): Operation {
  return defineOperation({
    name: 'getReach',
    summary: 'What a role, or an identity of the tests, can reach.',
    method: 'GET',
    paths: ['/reach'],
    credential: withToken('read'),
    query,
    returns: 'Routes and methods, with conditions in words.',
    refusals: ['question_invalid'],
    async handle({ query: { role, as } }) {
      if ((role === undefined) === (as === undefined)) return invalidQuestion(expected);
      const reach = await showReach(role === undefined ? { as: as! } : { role });
      return 'detail' in reach ? invalidQuestion(reach.detail) : json(reach);
    },
  });
}
