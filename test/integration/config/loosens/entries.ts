/** Lists and mappings: looser with more or with fewer entries. */
import {
  allowed,
  ann,
  cors,
  jwt,
  permits,
  plan,
  preflight,
  type Row,
  rawAllowed,
  reaches,
  readsPlan,
  stillAllowed,
  token,
} from './attempts.ts';
import { route } from './world.ts';

export const added: readonly Row[] = [
  {
    key: 'sources.issuer.audience',
    strict: ['billing'],
    loose: ['billing', 'orders'],
    beside: jwt(),
    attempt: token(() => ({})),
  },
  { key: 'sources.issuer.audience', strict: ['billing'], loose: false, beside: jwt(), attempt: token(() => ({})) },
  {
    key: 'sources.issuer.algorithms',
    strict: ['RS256'],
    loose: ['RS256', 'ES256'],
    beside: jwt(),
    attempt: token(() => ({})),
  },
  { key: 'sources.issuer.types', strict: ['jwt'], loose: ['jwt', 'at+jwt'], beside: jwt(), attempt: token(() => ({})) },
  { key: 'routes.0.credentials', strict: ['keyPair'], loose: ['keyPair', 'bearer'], attempt: allowed() },
  { key: 'routes.0.credentials', strict: ['keyPair'], loose: undefined, attempt: allowed() },
  {
    key: 'policies.0.unless',
    strict: ['admin'],
    loose: ['admin', 'user'],
    beside: () => ({ ...readsPlan, policies: [{ id: 'p', match: { path: '/r/**' }, when: [plan] }] }),
    attempt: allowed(),
  },
  {
    key: 'routes.0.cors.origins',
    strict: ['https://b.test'],
    loose: ['https://b.test', 'https://a.test'],
    beside: () => cors(),
    attempt: permits('access-control-allow-origin', /a\.test/, preflight),
  },
  {
    key: 'routes.0.cors.methods',
    strict: ['GET'],
    loose: ['GET', 'PUT'],
    beside: () => cors(),
    attempt: permits('access-control-allow-methods', /PUT/, { 'access-control-request-method': 'PUT' }),
  },
  {
    key: 'routes.0.cors.headers',
    strict: ['x-a'],
    loose: ['x-a', 'x-b'],
    beside: () => cors(),
    attempt: permits('access-control-allow-headers', /x-b/, {
      ...preflight,
      'access-control-request-headers': 'x-a,x-b',
    }),
  },
  {
    key: 'routes.0.cors.exposeHeaders',
    strict: [],
    loose: ['x-total'],
    beside: () => cors(),
    attempt: async ({ request }) => {
      const response = await request('/r/x', { ...ann, origin: 'https://a.test' });
      return /x-total/.test(response.headers.get('access-control-expose-headers') ?? '');
    },
  },
  {
    key: 'server.adminHosts',
    strict: [],
    loose: ['gate.example.test'],
    attempt: rawAllowed(({ gateway }) => Number(new URL(gateway.admin).port), 'gate.example.test', '/routes'),
  },
  {
    key: 'credentials.resourceMetadata',
    strict: [],
    loose: [{ resource: 'https://api.example.test' }],
    attempt: rawAllowed(({ gateway }) => gateway.port, 'api.example.test', '/.well-known/oauth-protected-resource'),
  },
];

export const removed: readonly Row[] = [
  {
    key: 'sources.issuer.requiredClaims',
    strict: ['sub', 'plan'],
    loose: ['sub'],
    beside: jwt(),
    attempt: token(() => ({})),
  },
  {
    key: 'sources.issuer.requiredValues',
    strict: { token_use: ['access'] },
    loose: {},
    beside: jwt(),
    attempt: token(() => ({})),
  },
  {
    key: 'routes.0.when',
    strict: [{ client: 'address', cidr: ['127.0.0.0/8'], reason: 'far' }, plan],
    loose: [{ client: 'address', cidr: ['127.0.0.0/8'], reason: 'far' }],
    beside: () => readsPlan,
    attempt: allowed(),
  },
  {
    key: 'policies.0.when',
    strict: [{ client: 'address', cidr: ['127.0.0.0/8'], reason: 'far' }, plan],
    loose: [{ client: 'address', cidr: ['127.0.0.0/8'], reason: 'far' }],
    beside: () => ({ ...readsPlan, policies: [{ id: 'p', match: { path: '/r/**' } }] }),
    attempt: allowed(),
  },
  {
    key: 'policies.0.for',
    strict: undefined,
    loose: ['admin'],
    beside: () => ({ ...readsPlan, policies: [{ id: 'p', match: { path: '/r/**' }, when: [plan] }] }),
    attempt: allowed(),
  },
  {
    key: 'policies.0.for',
    strict: ['admin', 'user'],
    loose: ['admin'],
    beside: () => ({ ...readsPlan, policies: [{ id: 'p', match: { path: '/r/**' }, when: [plan] }] }),
    attempt: allowed(),
  },
  {
    key: 'server.proxyHeaders',
    strict: ['x-tenant'],
    loose: [],
    attempt: reaches('x-tenant', { ...ann, 'x-tenant': 'acme' }),
  },
  {
    key: 'authApi.rejectedStatuses',
    strict: [401, 404],
    loose: [401],
    beside: () => ({
      'cache.accepted': '1h',
      'routes.1': { ...route, id: 'now', match: { path: '/now' }, maxVerdictAge: '0s' },
    }),
    attempt: stillAllowed(async (running) => {
      await running.authApi.behave({ kind: 'answers', status: 404 });
      await running.request('/now');
    }),
  },
];
