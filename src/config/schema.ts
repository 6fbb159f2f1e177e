/**
 * The one source of the configuration's keys, types, defaults, JSON schema and reference. Descriptions say what a key
 * means and what happens beyond a limit; `examples` feed the reference file.
 */
import { z } from 'zod';
import { identityFields } from '../core/forwarding/request-headers.ts';
import { authApi, authApiFile } from './schema/auth-api.ts';
import { authorizer } from './schema/authorizer.ts';
import { cache, errors, revocations } from './schema/cache.ts';
import { conditionSettings } from './schema/conditions.ts';
import { credentials } from './schema/credentials.ts';
import { headerField, identity } from './schema/identity.ts';
import { identityAssertion } from './schema/identity-assertion.ts';
import { type IncludedFile, include, includedVariables } from './schema/include.ts';
import { described, exposes, neither } from './schema/key-class.ts';
import { policies } from './schema/policies.ts';
import { roles } from './schema/roles.ts';
import { defaults, route } from './schema/routes.ts';
import { off } from './schema/scalar.ts';
import { log, records, server } from './schema/server.ts';
import { sources } from './schema/sources.ts';
import { tests } from './schema/tests.ts';
import { tracing } from './schema/tracing.ts';
import { upstreams } from './schema/upstreams.ts';
import { version } from './schema/values.ts';

export const configSchema = z.strictObject({
  version: neither(version, 'Version of this format.', { examples: [1] }),
  server: described(server.prefault({}), 'Where Rolegate listens, and its limits for clients.'),
  log: described(log.prefault({}), 'JSON lines on standard output.'),
  records: exposes(
    z
      .union([off('the settings of records'), records])
      .prefault({ keep: '24h', most: 10_000, perSecond: 100, oneInAllowed: 100 }),
    'Records for "rolegate lookup" and GET /decisions: the log line of every request that was refused or failed and of some allowed ones, with roles and groups; never a credential, a query or a body. In memory and, with cache.redis, encrypted there for all replicas. Only the admin token reads them. False: none.',
  ),
  tracing: described(
    tracing.optional(),
    'Traces (W3C Trace Context). If unset: traceparent reaches services as it came, and nothing is recorded.',
  ),
  authApi: described(authApi.optional(), 'The Auth API that knows credentials: give "url" or "embedded".'),
  sources: described(
    sources.prefault({}),
    'Further sources of identities, by name, in addition to or instead of "authApi". The form of a credential determines its source.',
    {
      examples: [
        {
          partners: { kind: 'authApi' },
          opaque: { kind: 'introspection' },
          profile: { kind: 'userinfo' },
          issuer: { kind: 'jwt' },
        },
      ],
    },
  ),
  credentials: described(
    credentials.prefault({}),
    'Kinds of credential, where clients put them, and which source checks each.',
  ),
  cache: described(cache.prefault({}), 'How long verdicts of the Auth API are kept.'),
  revocations: described(revocations.prefault({}), 'How other systems revoke verdicts.'),
  identity: described(identity.prefault({}), 'Further parts of an identity, beyond its ids, roles, groups and names.'),
  roles: described(
    roles.prefault({}),
    'Every role that rules name, with the roles that it includes. A role with "scopedBy" is held in the scope that a path parameter names; sources write it as "format" says.',
    {
      examples: [
        { user: {}, trusted: {}, reporter: { inherits: ['user'] }, admin: { inherits: ['reporter'] }, suspended: {} },
      ],
    },
  ),
  upstreams: described(upstreams.prefault({}), 'The services behind Rolegate, by name.', {
    examples: [{ orders: null }],
  }),
  defaults: described(defaults.prefault({}), 'Defaults of the settings of routes.'),
  identityHeaders: exposes(
    z.record(z.string(), headerField).prefault({ 'user-id': 'userId', groups: 'groups' }),
    `Headers that tell upstreams who the client is; removed from every client's request. Fields: ${identityFields.join(', ')}, and claims such as claims.plan.`,
  ),
  identityAssertion: described(
    identityAssertion.optional(),
    'Sends each upstream the identity of the client as a signed JWT that it can verify. If unset: none is sent.',
  ),
  authorizer: described(
    authorizer.optional(),
    'Checks of requests for other proxies (nginx, Traefik, Caddy, HAProxy, Envoy). If unset: none.',
  ),
  errors: described(errors.prefault({}), 'Headers of failed responses.'),
  policies: described(
    policies.prefault([]),
    'Restrictions for everything below a host or a path: a request must meet them and the rule of its route.',
  ),
  routes: described(
    z.array(route),
    'The paths that are reachable, and who may use them. A request without a route: 404.',
  ),
  conditions: described(conditionSettings.prefault({}), 'What conditions of routes ("when") may read.'),
  include: neither(include.optional(), 'Further files with routes, by pattern, below the folder of this file.', {
    examples: [['routes/*.yaml']],
    alternative: true,
  }),
  includedVariables: exposes(
    includedVariables.prefault([]),
    'Environment variables that included files and files of tests may read; any other one there is an error. Name no secret: the author of such a file can send it to clients.',
    { examples: [['ORDERS_HOST']] },
  ),
  tests: described(tests.prefault({}), 'Tests of the rules.'),
});

/** A whole file, after defaults. */
export type ConfigFile = z.output<typeof configSchema>;
export type RouteEntry = ConfigFile['routes'][number];

/** A file that another one includes. */
export { includedSchema } from './schema/include.ts';
/** A file with tests alone. */
export { type TestFile, testFileSchema } from './schema/tests.ts';
export type { IncludedFile };

export const authApiFileSchema = authApiFile;
export type AuthApiFile = z.output<typeof authApiFile>;

export type { Parts } from './schema/refine.ts';
