/**
 * The one source of the configuration's keys, types, defaults, JSON schema and reference. Descriptions explain a key and the effect of
 * exceeding a limit; `examples` feed the reference file.
 */
import { z } from 'zod';
import { identityFields } from '../core/forwarding/forwarding-rules.ts';
import { authApi, authApiFile } from './schema/auth-api.ts';
import { authorizer } from './schema/authorizer.ts';
import { cache, errors, revocations } from './schema/cache.ts';
import { conditionSettings } from './schema/conditions.ts';
import { credentials } from './schema/credentials.ts';
import { headerField, identity } from './schema/identity.ts';
import { identityAssertion } from './schema/identity-assertion.ts';
import { type IncludedFile, include, includedVariables } from './schema/include.ts';
import { added, anyChange, described, exposes, neither } from './schema/key.ts';
import { policies } from './schema/policies.ts';
import { roles } from './schema/roles.ts';
import { defaults, route } from './schema/routes.ts';
import { off } from './schema/scalar.ts';
import { log, records, server } from './schema/server.ts';
import { signInSection } from './schema/sign-in.ts';
import { sources } from './schema/sources.ts';
import { teams } from './schema/teams.ts';
import { tests } from './schema/tests.ts';
import { tracingOf } from './schema/tracing.ts';
import { upstreams } from './schema/upstreams.ts';
import { version } from './schema/values.ts';

export const configSchema = z.strictObject({
  version: neither(version, 'Version of this format.', { examples: [1] }),
  server: described(
    server.prefault({}),
    'Addresses and workers of the gateway, trusted proxies, and limits for clients.',
  ),
  log: described(log.prefault({}), 'Log on standard output.'),
  records: exposes(
    z
      .union([off('the settings of records'), records])
      .prefault({ keep: '24h', max: 10_000, perSecond: 100, allowedSample: 0.01, fileSize: '64mb' }),
    'Records of requests, for "rolegate lookup", GET /decisions and "rolegate diff --replay": the log line of every request that was refused or failed or has an x-error-id, and of some allowed ones, with roles, groups and, in clear, the headers, parts of the query and claims that conditions read, but without credential, body and the rest of the query. They are kept in memory and, with cache.redis, encrypted there for all replicas. Reading them requires an admin token. False disables them.',
    anyChange('readers of records see more requests or more of them', { strictest: false }),
  ),
  tracing: described(
    tracingOf('"server.trustedProxies"', 'rolegate').optional(),
    'Traces (W3C Trace Context). If unset, traceparent is forwarded unchanged, and nothing is recorded.',
  ),
  authApi: described(
    authApi.optional(),
    'The Auth API that identifies the owners of credentials. Set "url" or "embedded".',
  ),
  sources: described(
    sources.prefault({}),
    'Additional sources of identities, by name, in addition to or instead of "authApi". The form of a credential determines its source.',
    {
      examples: [
        {
          partners: { kind: 'authApi' },
          opaque: { kind: 'introspection' },
          profile: { kind: 'userinfo' },
          issuer: { kind: 'jwt' },
          machines: { kind: 'certificate' },
        },
      ],
    },
  ),
  credentials: described(
    credentials.prefault({}),
    'Accepted kinds of credential, how clients send them, and which source checks each.',
  ),
  signIn: described(
    signInSection.optional(),
    'Sign-in with a browser, at OpenID providers or at the embedded Auth API. A session is accepted only on routes whose "credentials" list "session". If unset, there are no sessions.',
  ),
  cache: described(cache.prefault({}), 'Cache of verdicts in memory and in Redis.'),
  revocations: described(revocations.prefault({}), 'How other systems revoke verdicts.'),
  identity: described(identity.prefault({}), 'Parts of an identity beyond its ids, roles, groups and names.'),
  roles: described(
    roles.prefault({}),
    'All roles that rules use, each with the roles that it inherits. A role with "scopedBy" applies only to the scope that a path parameter names, such as a tenant; "format" specifies how sources write it.',
    {
      examples: [
        { user: {}, trusted: {}, reporter: { inherits: ['user'] }, admin: { inherits: ['reporter'] }, suspended: {} },
      ],
    },
  ),
  upstreams: described(upstreams.prefault({}), 'The services behind Rolegate, by name.', {
    examples: [{ orders: null }],
  }),
  defaults: described(defaults.prefault({}), 'Defaults for settings of routes.'),
  identityHeaders: exposes(
    z.record(z.string(), headerField).prefault({ 'user-id': 'userId', groups: 'groups' }),
    `Headers that carry the identity to upstreams. They are removed from every client's request. Fields: ${identityFields.join(', ')}, and claims such as claims.plan.`,
    anyChange('services receive more, or clients can send a header that is no longer removed'),
  ),
  identityAssertion: described(
    identityAssertion.optional(),
    'Sends each upstream the identity of the client as a signed JWT that it can verify. If unset, none is sent.',
  ),
  authorizer: described(
    authorizer.optional(),
    'Decides requests for other proxies (nginx, Traefik, Caddy, HAProxy, Envoy). If unset, the gateway does not.',
  ),
  errors: described(errors.prefault({}), 'Error headers of responses.'),
  policies: described(
    policies.prefault([]),
    'Restrictions for everything below a host or a path: a request must meet them and the rule of its route.',
  ),
  routes: described(
    z.array(route),
    'Reachable paths, and who may use them. A request that matches no route returns 404.',
  ),
  conditions: described(conditionSettings.prefault({}), 'What conditions of routes ("when") may read.'),
  include: neither(include.optional(), 'Additional files with routes, by pattern, below the folder of this file.', {
    why: 'routes of these files are compared like all others',
    examples: [['routes/*.yaml']],
    alternative: true,
  }),
  teams: described(
    teams.prefault({}),
    'Files that other people write, and what these may contain. A load error names the file, the line and what the team would need.',
    { examples: [{ orders: null }], alternative: true },
  ),
  includedVariables: exposes(
    includedVariables.prefault([]),
    'Environment variables that included files and test files may read. Any other variable in them is an error. Do not list secrets, because the author of such a file could send them to clients.',
    added('the authors of included files can read them'),
    { examples: [['ORDERS_HOST']] },
  ),
  tests: described(tests.prefault({}), 'Tests of the rules.'),
});

/** A whole file, after defaults. */
export type ConfigFile = z.output<typeof configSchema>;
export type RouteEntry = ConfigFile['routes'][number];

/** An included file. */
export { includedSchema } from './schema/include.ts';
/** A test file. */
export { type TestFile, testFileSchema } from './schema/tests.ts';
export type { IncludedFile };

export const authApiFileSchema = authApiFile;
export type AuthApiFile = z.output<typeof authApiFile>;
