/** Numbers, durations and times: looser if higher or lower. */
import { expect } from 'vitest';
import { nowS } from '../../../support/token-issuer.ts';
import {
  allowed,
  call,
  cors,
  endAuthApi,
  inDays,
  jwt,
  ownAuthApi,
  permits,
  preflight,
  type Row,
  register,
  removeAnn,
  stillAllowed,
  token,
} from './attempts.ts';

export const higher: readonly Row[] = [
  { key: 'cache.accepted', strict: '0s', loose: '1h', attempt: stillAllowed(removeAnn) },
  {
    key: 'cache.staleOnOutage',
    strict: '0s',
    loose: '1h',
    beside: () => ({ 'cache.accepted': '1ms' }),
    attempt: stillAllowed(endAuthApi),
  },
  { key: 'routes.0.maxVerdictAge', strict: '0s', loose: '30s', attempt: stillAllowed(removeAnn) },
  { key: 'routes.0.maxVerdictAge', strict: '0s', loose: undefined, attempt: stillAllowed(removeAnn) },
  { key: 'routes.0.maxAuthAge', strict: '1m', loose: '1h', attempt: allowed() },
  { key: 'routes.0.maxAuthAge', strict: '1m', loose: undefined, attempt: allowed() },
  {
    key: 'policies.0.maxAuthAge',
    strict: '1m',
    loose: '1h',
    beside: () => ({ policies: [{ id: 'p', match: { path: '/r/**' } }] }),
    attempt: allowed(),
  },
  { key: 'routes.0.notAfter', strict: inDays(-1), loose: inDays(1), attempt: allowed() },
  {
    key: 'sources.issuer.maxTokenAge',
    strict: '1h',
    loose: '24h',
    beside: jwt(),
    attempt: token(() => ({ iat: nowS() - 7200 })),
  },
  {
    key: 'sources.issuer.clockSkew',
    strict: '0s',
    loose: '2m',
    beside: jwt(),
    attempt: token(() => ({ nbf: nowS() + 60 })),
  },
  {
    key: 'server.limits.failedAuthentications.perClient',
    strict: 1,
    loose: 1000,
    attempt: async ({ request, authApi }) => {
      const before = authApi.calls.session;
      for (const guess of ['a', 'b', 'c', 'd', 'e']) await request('/r/x', { authorization: `Bearer ${guess}` });
      return authApi.calls.session - before === 5;
    },
  },
  {
    key: 'identityAssertion.lifetime',
    strict: '5s',
    loose: '60s',
    beside: () => ({ identityAssertion: { issuer: 'https://gate.test' } }),
    attempt: async ({ request, service }) => {
      await request();
      const [, payload = ''] = service.last().header('x-rolegate-identity')[0]?.split('.') ?? [];
      return JSON.parse(Buffer.from(payload, 'base64url').toString()).exp > nowS() + 30;
    },
  },
  {
    key: 'routes.0.cors.maxAge',
    strict: '10s',
    loose: '1h',
    beside: () => cors(),
    attempt: permits('access-control-max-age', /^3600$/, preflight),
  },
  {
    key: 'authApi.embedded.limits.codeTries',
    strict: 1,
    loose: 3,
    beside: () => ownAuthApi,
    attempt: async (running) => {
      await register(running);
      const { code, codeId } = running.gateway.codes.at(-1)!;
      const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
      for (const guess of [wrong, code]) {
        const response = await call(running, 'PUT', '/session/verification', {
          verificationCodeID: codeId,
          code: guess,
        });
        if (guess === code) return response.status === 202;
      }
      return false;
    },
  },
];

export const lower: readonly Row[] = [
  { key: 'routes.0.notBefore', strict: inDays(1), loose: inDays(-1), attempt: allowed() },
  { key: 'routes.0.notBefore', strict: inDays(1), loose: undefined, attempt: allowed() },
  {
    key: 'cache.rejected',
    strict: '1h',
    loose: '0s',
    attempt: async (running) => {
      const late = { authorization: 'Bearer late' };
      expect(await allowed('/r/x', late)(running)).toBe(false);
      running.authApi.addSession('late', {});
      return allowed('/r/x', late)(running);
    },
  },
];
