/** Keys under `signIn`: the providers at which people sign in with a browser, or the pages for it, and the sessions that this opens. */
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { accounts } from './accounts.ts';
import { clientTls } from './client-tls.ts';
import { added, anyChange, decides, described, exposes, higher, neither } from './key.ts';
import { logoutKeys } from './logout.ts';
import { list, refined } from './refine.ts';
import { anyText, integer, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { claimFields, fieldForms } from './source-fields.ts';
import { emailKeys, issuerUrl, userKeys, words } from './source-values.ts';
import { declared, duration, idHint, idPattern } from './values.ts';

const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** `why`: it must be https. */
function originUrl(example: string, why: string) {
  const expected = `an origin, such as "${example}"`;
  return text(expected, (value) => {
    const url = /^https?:\/\/[^/?#@\\\s]+\/?$/.test(value) && URL.canParse(value) ? new URL(value) : null;
    if (url === null) return new Problem(`expected ${expected}`, 'without a path');
    if (/[*]|\.$/.test(url.hostname))
      return new Problem('expected the name of one host', 'without "*" and a dot at its end');
    if (url.protocol === 'https:' || loopback.test(url.hostname)) return url.origin;
    return new Problem(`expected an https origin: ${why}`, 'http only on loopback, for development');
  });
}

const otherClient = anyChange('the provider signs people in for another client');

const providerKind = <const T extends string>(value: T, description: string) =>
  decides(z.literal(value), description, anyChange('another provider says who people are'), { examples: [value] });

const clientId = () =>
  decides(words('the id of a client'), 'Client id of the gateway at the provider.', otherClient, {
    examples: ['rolegate'],
  });

const label = () =>
  neither(
    text('a name for people, of at most 60 characters', (value) =>
      /^[^\p{C}]{1,60}$/u.test(value) ? value : new Problem('expected one line of at most 60 characters'),
    ).optional(),
    'Name of the provider on the page where people choose one. If unset, its name here.',
    { examples: ['Example Corporation'] },
  );

const timeout = (description: string) => neither(duration(1, 60_000).prefault('5s'), description);

const providerTls = () =>
  described(clientTls('the provider').optional(), 'TLS to the provider. Certificates are always verified.', {
    alternative: true,
  });

/** Every sign-in sets these itself. */
const ownParameters: readonly string[] = [
  ...['client_id', 'client_secret', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'max_age', 'acr_values', 'claims', 'request', 'request_uri'],
];

const authorizationParameters = refined(
  z.record(declared('a parameter', '[A-Za-z0-9._-]{1,64}', 'letters, digits and . _ - only'), anyText()),
  (parts, { atKey }) => {
    for (const key of Object.keys(parts).filter((one) => ownParameters.includes(one)))
      atKey([key], 'the gateway sets this parameter itself', 'remove it');
  },
).prefault({});

const openid = refined(
  z.strictObject({
    kind: providerKind('openid', 'An OpenID provider.').prefault('openid'),
    issuer: decides(
      issuerUrl(),
      'Issuer of the provider, exactly as in its ID tokens. Its metadata is at "/.well-known/openid-configuration" below it.',
      anyChange('another provider says who people are'),
      { examples: ['https://id.example.test'] },
    ),
    label: label(),
    clientId: clientId(),
    clientSecret: decides(
      secret('the secret of the client').optional(),
      'Client secret of the gateway at the provider. Set this or "clientKey".',
      otherClient,
      { examples: [`\${OIDC_CLIENT_SECRET}`] },
    ),
    clientKey: decides(
      secret('a private key in PEM form').optional(),
      'Private key in PEM form, instead of a secret: the gateway authenticates with assertions that it signs (private_key_jwt).',
      otherClient,
      { examples: [{ file: '/run/secrets/client.pem' }], alternative: true },
    ),
    scopes: exposes(
      list(words('a scope'), {
        empty: ['expected at least "openid"'],
        most: [32, 'scopes'],
        distinct: 'scope',
      }).prefault(['openid', 'email', 'profile']),
      'Scopes that are requested. "openid" is needed.',
      added('the tokens of a session may do more'),
    ),
    authorizationParameters: decides(
      authorizationParameters,
      'Further parameters of the request to sign in, such as those that a provider demands for a refresh token.',
      anyChange('the provider lets users sign in another way'),
      { examples: [{ access_type: 'offline', prompt: 'consent' }] },
    ),
    ...userKeys,
    ...emailKeys,
    fields: described(
      claimFields('preferred_username').prefault({}),
      `Where the fields are in the claims of the ID token and of UserInfo. ${fieldForms}`,
    ),
    logout: described(
      z.strictObject(logoutKeys('other sessions of the user stay open')).prefault({}),
      'Logout tokens of the provider for "clientId" (OpenID Connect Back-Channel Logout): they end its sessions. The provider sends them to "POST /backchannel-logout" of the admin port, or to a route to the upstream "backchannel-logout".',
    ),
    timeout: timeout('Maximum time of a call to the provider.'),
    tls: providerTls(),
  }),
  (parts, { at, atKey }) => {
    if (!('clientSecret' in parts) && !('clientKey' in parts)) at([], 'expected "clientSecret" or "clientKey"');
    if ('clientSecret' in parts && 'clientKey' in parts) {
      atKey(['clientKey'], '"clientSecret" and "clientKey" exclude each other', 'keep one of them');
    }
    if (parts.scopes !== undefined && !parts.scopes.includes('openid')) {
      at(['scopes'], 'without "openid" the provider returns no ID token', 'add "openid"');
    }
  },
);

const { roles, groups, alias, fullName, claims } = claimFields('preferred_username').shape;

const github = z.strictObject({
  kind: providerKind('github', 'GitHub, by OAuth 2.0 and its API.'),
  url: decides(
    originUrl('https://github.com', 'the tokens of its users need TLS').prefault('https://github.com'),
    'Address of GitHub: github.com, a subdomain of ghe.com, or your GitHub Enterprise Server. It is the issuer of its users. Its API is at "api." of the first two, and at "/api/v3" of the third.',
    anyChange('another provider says who people are'),
  ),
  label: label(),
  clientId: clientId(),
  clientSecret: decides(
    secret('the secret of the client'),
    'Client secret of the gateway at the provider.',
    otherClient,
    { examples: [`\${GITHUB_CLIENT_SECRET}`] },
  ),
  scopes: exposes(
    list(words('a scope'), { most: [32, 'scopes'], distinct: 'scope' }).prefault(['user:email', 'read:org']),
    'Scopes that are requested, and so what is read of a user: without "user:email" no address, without "read:org" no organizations and teams. A GitHub App has its permissions instead, and still needs them here.',
    added('the tokens of a session may do more'),
  ),
  maxClaimsAge: decides(
    duration(60_000, 86_400_000).prefault('15m'),
    'The user, organizations and teams are read again after half of this time in use, and in any case after all of it. While GitHub is unavailable, sessions go on until then.',
    higher('who leaves an organization keeps its roles longer'),
  ),
  ...userKeys,
  userPrefix: userKeys.userPrefix.meta({ examples: ['github:'] }),
  fields: described(
    z.strictObject({ roles, groups, alias, fullName, claims }).prefault({}),
    `Where the fields are in what is read of a user: sub, preferred_username, name, email, email_verified, groups, organizations, organization_ids, teams. The id of the user is always that of GitHub (sub), a number that never changes. ${fieldForms}`,
  ),
  timeout: timeout('Maximum time of a call to the provider, and of all calls together that read one user.'),
  tls: providerTls(),
});

const provider = z.discriminatedUnion('kind', [openid, github]);

const sessions = refined(
  z.strictObject({
    store: neither(
      z
        .union([
          word(['redis', 'memory']),
          z.strictObject({
            file: described(anyText('the path of a file'), 'File with sessions, which one process uses.', {
              examples: ['/var/lib/rolegate/sessions.db'],
            }),
          }),
        ])
        .optional(),
      'Where sessions are kept, sealed under "cache.secret": redis (that of "cache.redis"), memory, or { file: ... }. Memory and a file are for one process only. If unset, redis if "cache.redis" is set, otherwise memory, whose sessions end with the process.',
      { examples: ['redis'] },
    ),
    maxIdle: decides(
      duration(60_000).prefault('12h'),
      'A session that is not used for this long ends.',
      higher('an abandoned session stays good longer'),
    ),
    maxLifetime: decides(
      duration(60_000).prefault('7d'),
      'A session ends this long after it was opened. Revocations are kept as long.',
      higher('a session stays good longer'),
    ),
    maxPerPerson: neither(
      integer(1, 1_000).prefault(20),
      'Maximum number of sessions of a person. A further one ends the one that was unused for longest.',
    ),
    max: neither(
      integer(1, 10_000_000).prefault(100_000),
      'Maximum number of sessions. A further one ends the one that was unused for longest.',
    ),
  }),
  ({ maxIdle, maxLifetime }, { at }) => {
    if (maxIdle === undefined || maxLifetime === undefined || maxIdle <= maxLifetime) return;
    at(['maxIdle'], 'it has no effect beyond "maxLifetime"', 'make it shorter');
  },
);

/** Enough for a host of each service; each is compared with every request for a page of sign-in. */
const maxOtherOrigins = 200;

const hostOf = (origin: string) => new URL(origin).hostname;

const publicOrigin = () => originUrl('https://app.example.com', 'cookies of sessions need TLS');

const signInKeys = z.strictObject({
  origin: decides(
    publicOrigin(),
    'Origin of the protected pages, as browsers see it: https, unless its host is loopback. It determines the addresses to which the provider sends people back, and the name of the cookie: "__Host-rolegate", or "rolegate-session" with http.',
    anyChange('browsers of another site get sessions'),
    { examples: ['https://app.example.com'] },
  ),
  otherOrigins: decides(
    list(publicOrigin(), { most: [maxOtherOrigins, 'origins'], distinct: 'origin' }).prefault([]),
    'Origins of further hosts whose pages people open with the same session. A browser signs in at "origin", which hands the session over, once, to a cookie that is good at that host only. The provider needs to know only the redirect address of "origin".',
    added('browsers of another host get sessions'),
    { examples: [['https://wiki.example.com', 'https://git.example.com']] },
  ),
  providers: described(
    z.record(declared('a provider', idPattern, idHint), provider).prefault({}),
    'Providers, by name. "signIn" of a route names one. Without any, people sign in at "authApi.embedded", on pages of the gateway whose name in "signIn" of a route is "authApi".',
    { examples: [{ corp: { kind: 'openid' }, hub: { kind: 'github' } }] },
  ),
  accounts: described(
    accounts.optional(),
    'Pages of the gateway on which users of "authApi.embedded" sign in by a code that they get by e-mail. If unset, there are such pages only without "providers".',
    { alternative: true },
  ),
  sessions: described(sessions.prefault({}), 'The sessions of browsers.'),
});

export const signInSection = refined(signInKeys, ({ origin, otherOrigins = [], accounts: pages }, { at }) => {
  if (origin === undefined) return;
  // A Content-Security-Policy names no such host (CSP Level 3 section 2.3.1), so browsers would not show the picture.
  if (hostOf(origin).startsWith('[') && pages?.logo?.startsWith('/'))
    at(['accounts', 'logo'], 'browsers load no picture from an IPv6 address', 'write it as a "data:" URL');
  const hosts = new Set([hostOf(origin)]);
  otherOrigins.forEach((other, index) => {
    if (other === undefined) return;
    const isOverTls = other.startsWith('https:');
    if (isOverTls !== origin.startsWith('https:')) at(['otherOrigins', index], 'expected the scheme of "origin"');
    // Cookies are not separated by port (RFC 6265 section 8.5): one would replace that of the other.
    if (hosts.has(hostOf(other))) at(['otherOrigins', index], 'this host is listed already', 'cookies ignore the port');
    hosts.add(hostOf(other));
  });
});
