/** Keys whose values have an order of their own. */
import { nowS } from '../../../support/token-issuer.ts';
import {
  allowed,
  ann,
  call,
  cors,
  far,
  forged,
  introspected,
  jwt,
  near,
  notSuspended,
  ownAuthApi,
  permits,
  preflight,
  type Row,
  reaches,
  register,
  stillAllowed,
  token,
} from './attempts.ts';

export const ordered: readonly Row[] = [
  {
    key: 'server.trustEveryPeer',
    strict: false,
    loose: true,
    beside: () => ({ 'routes.0.when': [far] }),
    attempt: allowed('/r/x', forged),
  },
  {
    key: 'sources.issuer.typeRequired',
    strict: true,
    loose: false,
    beside: jwt(),
    attempt: token(() => ({}), { typ: undefined }),
  },
  {
    key: 'sources.issuer.idTokens',
    strict: 'refuse',
    loose: 'accept',
    beside: jwt(),
    attempt: token(() => ({ nonce: 'n' })),
  },
  {
    key: 'sources.corp.tokenTypeRequired',
    strict: true,
    loose: false,
    beside: introspected,
    attempt: allowed(),
  },
  {
    key: 'authApi.honorCacheControl',
    strict: true,
    loose: false,
    beside: () => ({ 'authApi.fields.verified': false }),
    attempt: async (running) => {
      const body = JSON.stringify({
        userID: 'ann',
        sessionID: 's',
        expireAt: nowS() + 60,
        roles: ['user'],
        groups: [],
      });
      const headers = { 'cache-control': 'no-store' };
      await running.authApi.behave({ kind: 'answers', status: 200, body, headers });
      return stillAllowed(({ authApi }) => authApi.behave({ kind: 'answers', status: 401 }))(running);
    },
  },
  { key: 'routes.0.path.semicolon', strict: 'reject', loose: 'keep', attempt: allowed('/r/a;b') },
  { key: 'routes.0.path.doubleEncoding', strict: 'reject', loose: 'keep', attempt: allowed('/r/a%252Fb') },
  { key: 'routes.0.forwardCredentials', strict: false, loose: true, attempt: reaches('authorization') },
  {
    key: 'routes.0.cors.credentials',
    strict: false,
    loose: true,
    beside: () => cors(),
    attempt: permits('access-control-allow-credentials', /true/, preflight),
  },
  {
    key: 'routes.0.responseHeaders.security',
    strict: 'strict',
    loose: 'basic',
    attempt: async ({ request }) => !(await request()).headers.has('content-security-policy'),
  },
  {
    key: 'routes.0.responseHeaders.security',
    strict: 'basic',
    loose: 'off',
    attempt: async ({ request }) => !(await request()).headers.has('x-content-type-options'),
  },
  {
    key: 'identity.claims.plan.optional',
    strict: false,
    loose: true,
    beside: () => ({ 'identity.claims.plan': { field: 'plan', type: 'string' } }),
    attempt: allowed(),
  },
  {
    key: 'sources.issuer.assumeVerifiedEmail',
    strict: false,
    loose: true,
    beside: jwt({ requiredValues: { email: ['ann@acme.test'] } }),
    attempt: token(() => ({ email: 'ann@acme.test' })),
  },
  {
    key: 'authApi.embedded.selfRegistration',
    strict: false,
    loose: true,
    beside: () => ownAuthApi,
    attempt: async (running) => (await register(running)).status === 202,
  },
  {
    key: 'authApi.embedded.revealUnknownEmail',
    strict: false,
    loose: true,
    beside: () => ownAuthApi,
    attempt: async (running) => (await call(running, 'POST', '/session', { email: 'no@example.test' })).status === 404,
  },
];

export const any: readonly Row[] = [
  {
    key: 'server.trustedProxies',
    strict: [],
    loose: ['127.0.0.1'],
    beside: () => ({ 'routes.0.when': [far] }),
    attempt: allowed('/r/x', forged),
  },
  {
    key: 'server.trustedProxies',
    strict: ['127.0.0.1'],
    loose: [],
    beside: () => ({ 'routes.0.when': [near] }),
    attempt: allowed('/r/x', { ...ann, 'x-forwarded-for': '203.0.113.9' }),
  },
  {
    key: 'server.forwardedHeaders',
    strict: 'x-forwarded',
    loose: 'forwarded',
    beside: () => ({ 'server.trustedProxies': ['127.0.0.1'], 'routes.0.when': [far] }),
    attempt: allowed('/r/x', { ...ann, 'x-forwarded-for': '203.0.113.9', forwarded: 'for=10.1.2.3' }),
  },
  {
    key: 'authApi.fields.roles',
    strict: 'roles',
    loose: 'groups',
    beside: () => ({ roles: { user: {}, staff: {} }, 'routes.0.access': ['staff'] }),
    attempt: allowed(),
  },
  {
    key: 'identityHeaders',
    strict: { 'user-id': 'userId' },
    loose: { 'user-id': 'userId', 'x-alias': 'alias' },
    attempt: reaches('x-alias'),
  },
  {
    key: 'identityHeaders',
    strict: { 'user-id': 'userId', 'x-alias': 'alias' },
    loose: { 'user-id': 'userId' },
    attempt: async (running) => {
      await running.request('/r/x', { ...ann, 'x-alias': 'root' });
      return running.service.last().header('x-alias').includes('root');
    },
  },
  { key: 'routes.0.access', strict: ['admin'], loose: ['admin', 'user'], attempt: allowed() },
  {
    key: 'routes.0.rewrite.addPrefix',
    strict: '/public',
    loose: '/internal',
    attempt: async ({ request, service }) => {
      await request();
      return service.last().target.startsWith('/internal/');
    },
  },
  { key: 'routes.0.path.encodedSlash', strict: 'reject', loose: 'keep', attempt: allowed('/r/a%2Fb') },
  {
    key: 'roles.admin.from',
    strict: undefined,
    loose: { field: 'groups', equals: 'staff' },
    beside: () => ({ 'routes.0.access': ['admin'] }),
    attempt: allowed(),
  },
  {
    key: 'roles.user.inherits',
    strict: ['suspended'],
    loose: [],
    beside: () => ({ 'routes.0.access': notSuspended }),
    attempt: allowed(),
  },
  {
    key: 'authApi.roles',
    strict: ['user', 'suspended'],
    loose: ['user'],
    beside: () => ({ 'routes.0.access': notSuspended }),
    attempt: allowed('/r/x', { authorization: 'Bearer bob' }),
  },
  {
    key: 'credentials.keyPair',
    strict: {},
    loose: false,
    attempt: reaches('api-secret', { ...ann, 'api-key': 'key', 'api-secret': 'secret' }),
  },
  {
    key: 'routes.0.responseHeaders.remove',
    strict: [],
    loose: ['x-frame-options'],
    attempt: async ({ request }) => !(await request()).headers.has('x-frame-options'),
  },
  {
    key: 'server.adminToken',
    strict: 't'.repeat(40),
    loose: undefined,
    attempt: async ({ gateway }) => (await fetch(`${gateway.admin}/routes`)).status === 200,
  },
  {
    key: 'conditions.headers',
    strict: { 'x-cert': 'trusted' },
    loose: {},
    beside: () => ({ 'server.trustedProxies': ['10.0.0.0/8'] }),
    attempt: reaches('x-cert', { ...ann, 'x-cert': 'verified' }),
  },
];
