/** `GET /reach`: what a role, or an identity of the tests, can reach by the rules in use. */
import type { Endpoint } from './endpoints.ts';
import { json } from './responses.ts';

export type ReachQuestion = { readonly role: string } | { readonly as: string };

/** Plain data, or the reason for its absence, in words for the caller. */
export type ShowReach = (who: ReachQuestion) => object | { readonly detail: string };

export function reachEndpoint(showReach: ShowReach): Endpoint {
  return {
    method: 'GET',
    access: 'read',
    respond({ url: { searchParams } }) {
      const who = readQuestion(searchParams);
      const found = who === null ? { detail: 'expected one parameter, "role" or "as", once' } : showReach(who);
      return 'detail' in found ? { refused: 'question_invalid', members: { detail: found.detail } } : json(found);
    },
  };
}

function readQuestion(parameters: URLSearchParams): ReachQuestion | null {
  const [[name, value = ''] = [], another] = [...parameters];
  if (another !== undefined || value === '' || value.length > 256) return null;
  return name === 'role' ? { role: value } : name === 'as' ? { as: value } : null;
}
