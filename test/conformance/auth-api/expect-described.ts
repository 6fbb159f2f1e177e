/** Holds answers against the schemas from which the API is described, so that the two cannot drift apart. */
import { expect } from 'vitest';
import { compileMatcher } from '../../../src/auth-api/http/match-operation.ts';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { basePath } from '../../../src/auth-api/operations/operation.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';

const match = compileMatcher(allOperations);

/** `request`: method and path of a request that succeeded. What is outside the API, such as health, is let pass. */
export function expectDescribed(request: string, body: unknown, where: string): void {
  const [method = '', path = ''] = request.split(' ');
  if (method === 'HEAD' || path.startsWith('=')) return;
  const matched = match(method, `${basePath}${path.replace(/\?.*$/, '')}`);
  if (matched instanceof Refusal) throw new Error(`${where}: no operation`);
  // Parsing drops what the schema does not know, so equality means that every field is described.
  expect(matched.operation.schemas.answer.safeParse(body).data, where).toEqual(body);
}
