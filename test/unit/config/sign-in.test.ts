/** The section `signIn`, and what routes say of it. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';

const provider = '{ issuer: "https://id.example.test", clientId: rolegate, clientSecret: s3cret }';
const github = '{ corp: { kind: github, clientId: a, clientSecret: b } }';
const route =
  '{ id: a, match: { path: "/a/**" }, upstream: app, access: authenticated, credentials: [session], signIn: corp }';

function file({ origin = 'https://app.example.test', providers = `{ corp: ${provider} }`, more = '', routes = route }) {
  return `version: 1
upstreams: { app: { targets: ["http://app:80"] } }
signIn: { origin: "${origin}", providers: ${providers}${more} }
routes: [${routes}]
`;
}

const parse = (text: string, files: Readonly<Record<string, string>> = {}) =>
  parseConfig(text, { file: '/etc/rolegate/gateway.yaml', env: {}, readSecret: (name) => files[name] ?? '' });

function problemsOf(text: string): readonly string[] {
  const result = parse(text);
  return result.ok ? [] : result.problems.map(({ message }) => message);
}

describe('signIn', () => {
  it('compiles providers as sources of sessions', () => {
    const result = parse(file({}));
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const { config } = result;
    const sessions = { maxIdleMs: 43_200_000, maxLifetimeMs: 604_800_000, maxPerPerson: 20, max: 100_000 };
    expect(config.signIn).toMatchObject({
      origin: 'https://app.example.test',
      sessions: { ...sessions, store: 'memory' },
      providers: [{ name: 'corp', kind: 'session', client: { id: 'rolegate', secret: 's3cret' } }],
    });
    expect(config.sources).toEqual(config.signIn?.providers);
    expect(config.credentials.session?.cookie).toBe('__Host-rolegate');
    expect(config.routes.routes[0]).toMatchObject({
      credentials: ['session'],
      forwardCredentials: true,
      signIn: { origins: ['https://app.example.test'], url: '/.rolegate/sign-in/corp' },
    });
  });

  it('compiles GitHub as a source whose users have its address as their issuer', () => {
    const hub = '{ kind: github, clientId: a, clientSecret: s3cret }';
    const other =
      '{ kind: github, url: "https://git.example.test/", clientId: b, clientSecret: s, maxClaimsAge: 1h, userPrefix: "o:" }';
    const result = parse(file({ providers: `{ corp: ${hub}, other: ${other} }` }));
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const common = { kind: 'session', protocol: 'github', scopes: ['user:email', 'read:org'] };
    expect(result.config.sources).toMatchObject([
      { ...common, issuer: 'https://github.com', client: { id: 'a', secret: 's3cret' }, maxClaimsAgeMs: 900_000 },
      { ...common, issuer: 'https://git.example.test', maxClaimsAgeMs: 3_600_000 },
    ]);
    expect(result.config.sources[0]).toMatchObject({ fields: { userId: { places: [{ path: 'sub' }] } } });
  });

  it('lists several providers, and further hosts', () => {
    const two = `{ corp: ${provider}, club: ${provider.replace('id.', 'club.').replace('clientId', 'label: Our Club, userPrefix: "club:", clientId')} }`;
    const more = ', otherOrigins: ["https://wiki.example.test"]';
    const routes = route.replace('signIn: corp', 'signIn: [corp, club]');
    const result = parse(file({ providers: two, more, routes }));
    expect(result.ok ? [] : result.problems).toEqual([]);
    if (!result.ok) return;
    expect(result.config.signIn?.providers.map(({ label }) => label)).toEqual(['corp', 'Our Club']);
    expect(result.config.routes.routes[0]?.signIn).toMatchObject({
      origins: ['https://app.example.test', 'https://wiki.example.test'],
      url: '/.rolegate/sign-in?provider=corp&provider=club',
    });
  });

  it.each([
    ['["http://wiki.example.test"]', 'expected an https origin: cookies of sessions need TLS'],
    ['["https://*.example.test"]', 'expected the name of one host'],
    ['["https://wiki.example.test."]', 'expected the name of one host'],
    ['["http://wiki.localhost"]', 'expected the scheme of "origin"'],
    ['["https://app.example.test:8443"]', 'this host is listed already'],
    ['["https://a.example.test", "https://a.example.test:81"]', 'this host is listed already'],
    ['["https://a.example.test", "https://a.example.test"]', 'this origin is listed twice'],
  ])('does not take %s as further hosts', (others, message) => {
    expect(problemsOf(file({ more: `, otherOrigins: ${others}` }))).toContain(message);
  });

  it('does not take a parameter of the protocol as a further one', () => {
    const more = (parameter: string) =>
      file({ providers: `{ corp: ${provider.replace(' }', `, authorizationParameters: { ${parameter}: x } }`)} }` });
    expect(problemsOf(more('access_type'))).toEqual([]);
    for (const parameter of ['redirect_uri', 'state', 'nonce', 'code_challenge', 'response_type', 'request'])
      expect(problemsOf(more(parameter)), parameter).toEqual(['the gateway sets this parameter itself']);
    expect(problemsOf(more('"a b"'))).toEqual(['this is not a name of a parameter']);
  });

  it('bounds what a demanded kind of sign-in adds to addresses', () => {
    const values = (count: number) => Array.from({ length: count }, (_, i) => `${'a'.repeat(198)}${i + 10}`).join(', ');
    const demanding = (count: number) =>
      file({ routes: route.replace('signIn: corp', `signIn: corp, acr: [${values(count)}]`) });
    expect(problemsOf(demanding(9))).not.toContain('at most 2000 characters in all');
    expect(problemsOf(demanding(10))).toContain('at most 2000 characters in all');
  });

  it('reports a route whose host has no session', () => {
    const there = route.replace('match: {', 'match: { host: wiki.example.test,');
    expect(problemsOf(file({ routes: there }))).toEqual(['no session is for this host']);
    expect(problemsOf(file({ routes: there, more: ', otherOrigins: ["https://wiki.example.test"]' }))).toEqual([]);
    const pattern = (name: string) => file({ routes: there.replace('wiki.example.test', `"${name}"`) });
    expect(problemsOf(pattern('*.example.test'))).toEqual([]);
    expect(problemsOf(pattern('*.example.net'))).toEqual(['no session is for this host']);
  });

  it('takes http on loopback only, with a cookie of another name', () => {
    for (const origin of [
      'http://localhost:8080',
      'http://127.0.0.1:8080',
      'http://[::1]:8080',
      'http://a.localhost',
    ]) {
      const result = parse(file({ origin }));
      expect(result.ok && result.config.credentials.session?.cookie, origin).toBe('rolegate-session');
    }
    for (const origin of [
      'http://app.example.test',
      'http://127.0.0.1.example.test',
      'http://localhost.example.test',
    ]) {
      expect(problemsOf(file({ origin })), origin).toEqual(['expected an https origin: cookies of sessions need TLS']);
    }
    for (const origin of [
      'https://app.example.test/path',
      'https://u@app.example.test',
      'app.example.test',
      'ftp://a',
    ]) {
      expect(problemsOf(file({ origin })), origin).toHaveLength(1);
    }
  });

  it.each<[string, Parameters<typeof file>[0], string]>([
    ['no provider', { providers: '{}' }, 'expected at least one provider'],
    [
      'two workers',
      { more: ' }\nserver: { workers: 2' },
      'sessions in memory are for one process, and there are several workers',
    ],
    [
      'two workers and a file',
      { more: ', sessions: { store: { file: s.db } } }\nserver: { workers: 2' },
      'sessions in a file are for one process, and there are several workers',
    ],
    ['Redis without Redis', { more: ', sessions: { store: redis }' }, 'there is no Redis'],
    ['idle beyond the lifetime', { more: ', sessions: { maxIdle: 8d }' }, 'it has no effect beyond "maxLifetime"'],
    [
      'no way to authenticate',
      { providers: '{ corp: { issuer: "https://id.example.test", clientId: a } }' },
      'expected "clientSecret" or "clientKey"',
    ],
    [
      'the name of a source',
      { more: ' }\nsources: { corp: { kind: userinfo, url: "https://id.example.test/u" }' },
      'a source has this name',
    ],
    [
      'the cookie of sessions',
      { more: ' }\ncredentials: { bearerCookie: __Host-rolegate' },
      'sessions have this cookie',
    ],
    ['an unknown kind', { providers: '{ corp: { kind: gitlab } }' }, 'expected openid or github'],
    [
      'a key of another kind',
      { providers: '{ corp: { kind: github, clientId: a, clientKey: b } }' },
      'unknown key "clientKey"',
    ],
    [
      'the login of GitHub as the id of a user',
      { providers: '{ corp: { kind: github, clientId: a, clientSecret: b, fields: { userId: preferred_username } } }' },
      'unknown key "userId"',
    ],
    [
      'GitHub without TLS',
      { providers: '{ corp: { kind: github, clientId: a, clientSecret: b, url: "http://git.example.test" } }' },
      'expected an https origin: the tokens of its users need TLS',
    ],
    [
      'an API of GitHub instead of its address',
      { providers: '{ corp: { kind: github, clientId: a, clientSecret: b, url: "https://git.example.test/api/v3" } }' },
      'expected an origin, such as "https://github.com"',
    ],
    [
      'a recent sign-in that GitHub does not state',
      { providers: github, routes: route.replace('signIn: corp', 'signIn: corp, maxAuthAge: 1h') },
      'GitHub does not state when a user signed in',
    ],
    [
      'a kind of sign-in that GitHub does not state',
      { providers: github, routes: route.replace('signIn: corp', 'signIn: corp, acr: [mfa]') },
      'GitHub does not state how a user signed in',
    ],
    [
      'an ID token of GitHub',
      { providers: github, routes: route.replace('signIn: corp', 'signIn: corp, forwardToken: id') },
      'GitHub returns no ID token',
    ],
    ['an unknown provider', { routes: route.replace('signIn: corp', 'signIn: crop') }, 'there is no provider "crop"'],
    ['an unknown default', { more: ' }\ndefaults: { signIn: crop' }, 'there is no provider "crop"'],
    ['a route without sessions', { routes: route.replace('[session]', '[bearer]') }, 'the route accepts no session'],
    [
      'a token of a session on a route without sessions',
      { routes: route.replace('credentials: [session], signIn: corp', 'forwardToken: access') },
      'the route accepts no session, so there is no token',
    ],
    [
      'a token in the place of a credential',
      { routes: route.replace('signIn: corp', 'forwardToken: id, forwardCredentials: true') },
      '"forwardCredentials" and "forwardToken" exclude each other: both are Authorization',
    ],
    [
      'a kind of sign-in that no identity states',
      { routes: route.replace('signIn: corp', 'acr: [two-factors]') },
      '"identity.claims" declares no text "acr"',
    ],
    [
      'a kind of sign-in for anonymous callers',
      { routes: route.replace('authenticated', 'optional').replace('signIn: corp', 'acr: [two-factors]') },
      '"acr" refuses callers without a credential, whom "optional" allows',
    ],
    [
      'a kind of sign-in that would break a challenge',
      { routes: route.replace('signIn: corp', `acr: ['a"b']`) },
      'expected a value of "acr", without blanks and quotes',
    ],
  ])('refuses %s', (_, parts, problem) => {
    expect(problemsOf(file(parts))).toContain(problem);
  });

  it('removes Authorization of the client where the service gets a token', () => {
    const result = parse(file({ routes: route.replace('signIn: corp', 'forwardToken: id') }));
    expect(result.ok && result.config.routes.routes[0]).toMatchObject({
      forwardToken: 'id',
      forwardCredentials: false,
    });
  });

  it('applies a provider by default only to routes that list sessions', () => {
    const listed = route.replace(', signIn: corp', '');
    const plain = listed
      .replace('credentials: [session]', 'maxBody: 1kb')
      .replace('id: a', 'id: b')
      .replace('/a/', '/b/');
    const result = parse(file({ more: ' }\ndefaults: { signIn: corp', routes: `${listed}, ${plain}` }));
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const [a, b] = result.config.routes.routes;
    expect(a?.signIn?.url).toBe('/.rolegate/sign-in/corp');
    expect(b).toMatchObject({ signIn: null, credentials: ['bearer', 'keyPair'] });
  });
});

describe('signIn at the embedded Auth API', () => {
  const accounts = ({ hides = true, more = '', named = 'authApi', embedded = true } = {}) => `version: 1
upstreams: { app: { targets: ["http://app:80"] } }
${
  embedded
    ? `authApi: { embedded: { database: ":memory:", secret: "${'x'.repeat(32)}", revealUnknownEmail: ${!hides} } }`
    : 'authApi: { url: "http://auth:8081" }'
}
signIn: { origin: "https://app.example.test"${more} }
roles: { user: {} }
routes: [{ id: a, match: { path: "/a/**" }, upstream: app, access: [user], credentials: [session], signIn: ${named} }]
`;

  it('needs no provider, and is then a source of sessions', () => {
    const result = parse(accounts({ more: ', accounts: { color: "#0B6E4F", logo: /logo.svg }' }));
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const { signIn, sourceRule } = result.config;
    expect(signIn?.accounts).toEqual({
      name: 'app.example.test',
      logo: 'https://app.example.test/logo.svg',
      color: '#0b6e4f',
      mayRegister: false,
      recentSignInMs: 600_000,
      passkeys: false,
    });
    expect(sourceRule.sessions).toEqual(['authApi']);
  });

  it('is off beside providers, unless it is written', () => {
    const providers = `, providers: { corp: ${provider.replace('{', '{ userPrefix: "corp:",')} }`;
    expect(problemsOf(accounts({ more: providers }))).toEqual(['there is no provider "authApi"']);
    const named = '[corp, authApi]';
    expect(problemsOf(accounts({ more: `${providers}, accounts: {}`, named }))).toEqual([]);
  });

  it.each([
    [{ hides: false }, 'the pages of "signIn" would show which addresses have users'],
    [{ embedded: false, named: 'false' }, 'expected at least one provider'],
    [{ embedded: false, named: 'false', more: ', accounts: {}' }, 'there is no "authApi.embedded"'],
  ])('reports %j', (changed, message) => {
    expect(problemsOf(accounts(changed))).toContain(message);
  });

  it.each([
    '//evil.example/x.svg',
    'https://evil.example/x.svg',
    '/\\evil',
    'data:text/html,x',
    '/a"b',
    'javascript:1',
  ])('takes no logo from %s', (logo) => {
    expect(problemsOf(accounts({ more: `, accounts: { logo: '${logo}' }` }))).toHaveLength(1);
  });

  it('takes a path of a logo from no IPv6 address, which no policy of a page can name (controls: a picture, and a name)', () => {
    const logoAt = (origin: string, logo: string) =>
      problemsOf(accounts({ more: `, accounts: { logo: '${logo}' }` }).replace('https://app.example.test', origin));
    const picture = 'data:image/png;base64,iVBORw0KGgo=';
    expect(logoAt('https://[2001:db8::1]', '/logo.svg')).toEqual(['browsers load no picture from an IPv6 address']);
    expect(logoAt('https://[2001:db8::1]', picture)).toEqual([]);
    expect(logoAt('https://app.example.test', '/logo.svg')).toEqual([]);
  });

  it.each(['red', '#fff', '#0b6e4f; }', 'url(x)'])('takes no color %s', (color) => {
    expect(problemsOf(accounts({ more: `, accounts: { color: '${color}' }` }))).toHaveLength(1);
  });
});
