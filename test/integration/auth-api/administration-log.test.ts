/** Each change that an administrator makes over HTTP is a log line: who, what, and whom or what it concerns. */
import { expect, it } from 'vitest';
import { z } from 'zod';
import { allOperations } from '../../../src/auth-api/operations/all-operations.ts';
import { createPasskey } from '../../support/software-authenticator.ts';
import { startAuthApi, testSettings } from './start-auth-api.ts';

const rp = { origin: 'https://app.example.test', rpId: 'app.example.test', name: 'Example', requiredForRoles: null };

it('every successful change by an administrator is logged without a secret, and nothing else is', async () => {
  const { api, port, lines, userId } = await startAuthApi({ settings: { ...testSettings, passkeys: rp } });
  try {
    const account = { email: 'ada@example.test', fullName: 'Ada', alias: 'ada', groups: ['public'] };
    const { userId: by } = await api.createUser({ ...account, roles: ['users_admin'] });
    const { bearer } = await api.createVerifiedSession(by);
    const session = await api.createVerifiedSession(userId);
    const pair = await api.createVerifiedKeyPair(userId, 'Example', 1);
    const call = async (method: string, path: string, json?: object, presented = bearer) => {
      const response = await fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${presented}` },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
      return { status: response.status, body: z.any().parse(await response.json()) };
    };
    const { challenge } = (await call('POST', '/passkey/options', {}, session.bearer)).body.options;
    const { credential } = createPasskey({ ...rp, challenge });
    const { passkeyID } = (await call('POST', '/passkey', { name: 'Phone', credential }, session.bearer)).body;
    const bob = { email: 'bob@example.test', fullName: 'Bob', alias: 'bob', roles: ['reporter', 'users_admin'] };
    const { userID } = (await call('POST', '/admin/user', bob)).body;
    const user = { by, userId };
    const changes = [
      ['POST', `/admin/user/${userId}/roles`, { role: 'reporter' }, 'addRole', { ...user, role: 'reporter' }],
      ['DELETE', `/admin/user/${userId}/roles/reporter`, undefined, 'removeRole', { ...user, role: 'reporter' }],
      [
        'DELETE',
        `/admin/session/${session.sessionId}`,
        undefined,
        'revokeAnySession',
        { by, sessionId: session.sessionId },
      ],
      ['DELETE', `/admin/keypair/${pair.keyId}`, undefined, 'revokeAnyKeyPair', { by, keyId: pair.keyId }],
      ['DELETE', `/admin/user/${userId}/sessions`, undefined, 'endUserSessions', user],
      [
        'DELETE',
        `/admin/user/${userId}/passkeys/${passkeyID}`,
        undefined,
        'removeUserPasskey',
        { ...user, passkeyId: passkeyID },
      ],
      ['PUT', `/admin/user/${userId}/disable`, undefined, 'disableUser', user],
      ['PUT', `/admin/user/${userId}/enable`, undefined, 'enableUser', user],
      ['DELETE', `/admin/user/${userId}`, undefined, 'removeUser', user],
    ] as const;
    for (const [method, path, json] of changes) expect((await call(method, path, json)).status).toBe(202);
    // What only reads, changes nothing, or is refused.
    expect((await call('GET', '/admin/users')).status).toBe(200);
    expect((await call('DELETE', `/admin/user/${userId}`)).status).toBe(404);
    expect((await call('POST', '/admin/user', bob, 'a'.repeat(64))).status).toBe(401);
    const logged = lines.filter(({ message }) => message === 'changed by an administrator');
    expect(logged).toEqual(
      [
        ['createUser', { by, userId: userID, roles: 'reporter users_admin' }] as const,
        ...changes.map((one) => [one[3], one[4]] as const),
      ].map(([operation, fields]) => ({
        level: 'info',
        fields: { operation, ...fields },
        message: 'changed by an administrator',
      })),
    );
    const all = allOperations.filter(
      ({ credential, method }) => credential.kind === 'administrator' && method !== 'GET',
    );
    expect(logged.map(({ fields }) => Object(fields).operation).toSorted()).toEqual(
      all.map(({ name }) => name).toSorted(),
    );
    for (const secret of [bearer, session.bearer, pair.apiSecret]) expect(JSON.stringify(lines)).not.toContain(secret);
  } finally {
    await api.close();
  }
});
