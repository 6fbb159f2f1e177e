/** The table of operations: complete, without duplicates, and describable. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { refusalKinds } from '../../../src/auth-api/outcome/refusals.ts';

const contract = [
  'POST /session',
  'PUT /session/verification',
  'GET /session',
  'PUT /session/extend',
  'GET /sessions',
  'DELETE /session/{id}',
  'POST /session/device',
  'PUT /session/device/verification',
  'POST /keypair',
  'PUT /keypair/verification',
  'POST /keypair/verification',
  'GET /keypair',
  'GET /keypairs',
  'DELETE /keypair/{id}',
  'POST /email',
  'PUT /email/verification',
  'POST /email/verification',
  'GET /emails',
  'PUT /email/preferred',
  'DELETE /email/{id}',
  'POST /session/passkey/options',
  'POST /session/passkey',
  'POST /passkey/options',
  'POST /passkey',
  'GET /passkeys',
  'POST /recovery-codes',
  'GET /recovery-codes',
  'POST /session/recovery',
  'POST /session/link',
  'PUT /passkey/{id}',
  'DELETE /passkey/{id}',
  'POST /user',
  'POST /user/verification',
  'GET /user/{id}',
  'GET /user/id/{id}',
  'GET /user/by-email',
  'DELETE /user',
  'POST /admin/user',
  'GET /admin/users',
  'GET /admin/user/{id}',
  'PUT /admin/user/{id}/enable',
  'PUT /admin/user/{id}/disable',
  'DELETE /admin/user/{id}',
  'GET /admin/user/{id}/roles',
  'POST /admin/user/{id}/roles',
  'DELETE /admin/user/{id}/roles/{role}',
  'GET /admin/user/{id}/sessions',
  'DELETE /admin/user/{id}/sessions',
  'GET /admin/user/{id}/passkeys',
  'DELETE /admin/user/{id}/passkeys/{passkey}',
  'GET /admin/sessions',
  'DELETE /admin/session/{id}',
  'GET /admin/keypairs',
  'DELETE /admin/keypair/{id}',
  'GET /openapi.json',
];

describe('operations', () => {
  it('match the contract', () => {
    const built = allOperations.flatMap(({ method, paths }) => paths.map((path) => `${method} ${path}`));
    expect(built.sort()).toEqual([...contract].sort());
  });

  it('have unique names', () => {
    expect(new Set(allOperations.map(({ name }) => name)).size).toBe(allOperations.length);
  });

  it.each(allOperations.map((operation) => [operation.name, operation] as const))(
    '%s has schemas that OpenAPI can describe',
    (_name, { schemas, paths }) => {
      for (const schema of [schemas.params, schemas.query, schemas.body, schemas.response]) {
        if (schema !== null) expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({ type: 'object' });
      }
      expect(schemas.params === null).toBe(!paths[0].includes('{'));
    },
  );
});

describe('refusals', () => {
  it.each(Object.entries(refusalKinds))('%s has a text that fits in a header, and an error status', (code, kind) => {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(kind.message).toMatch(/^[\x20-\x7e]{1,256}$/);
    expect(kind.status).toBeGreaterThanOrEqual(400);
  });
});
