/** Checks responses against the description of the API, so that the two cannot diverge. */
import { expect } from 'vitest';
import { generalRefusals, refusalsOf } from '../../../src/auth-api/describe-api.ts';
import { findUndescribed, operationOf } from './described-responses.ts';

/** `request`: method and path. Paths outside the API, such as health, are not checked. */
export async function expectDescribed(request: string, status: number, body: unknown, where: string): Promise<void> {
  const [method = '', path = ''] = request.split(' ');
  if (method === 'HEAD' || path.startsWith('=')) return;
  const operation = operationOf(method, path);
  const { code } = body as { code?: unknown };
  if (operation === null) {
    expect(status < 300 ? null : generalRefusals, `${where}: no operation`).toContain(code);
    return;
  }
  expect(await findUndescribed(operation, status, body), `${where}: against the description`).toBeNull();
  // Parsing drops what the schema does not contain, so equality means that every field is described.
  if (status < 300) expect(operation.schemas.response?.safeParse(body).data, where).toEqual(body);
  else expect([...refusalsOf(operation), ...generalRefusals], `${where}: a code of the operation`).toContain(code);
}
