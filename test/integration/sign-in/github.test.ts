/** Signing in at GitHub through the whole gateway: who someone is, what is read again, and what ends a session. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { CookieBrowser } from '../../support/cookie-browser.ts';
import { freePort } from '../../support/free-port.ts';
import { type GithubMood, githubClient, idOfOrganization, startGithub } from '../../support/github.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startGateway } from '../../support/running-gateway.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const running = closedAfterEach();

const minuteMs = 60_000;
const later = (minutes: number) => vi.setSystemTime(Date.now() + minutes * minuteMs);

async function world({ clientSecret = githubClient.secret, tokensEnd = false, settings = '' } = {}) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const github = await startGithub({ callback: `${origin}/.rolegate/callback/hub`, tokensEnd });
  running.push(github);
  const service = await startRecordingUpstream();
  running.push(service);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:${port}", admin: false }
cache: { secret: a secret of the gateway with 32 characters, accepted: 1s }
identity: { claims: { email: { field: email, type: string, optional: true } } }
identityHeaders: { x-user: userId, x-alias: alias, x-name: fullName, x-groups: groups, x-email: claims.email }
upstreams: { pages: { targets: ['${service.origin}'] } }
signIn:
  origin: ${origin}
  providers:
    hub: { kind: github, url: "${github.url}", clientId: ${githubClient.id}, clientSecret: "${clientSecret}"${settings} }
roles:
  staff: { from: { field: groups, equals: acme } }
  platform: { from: { field: groups, equals: acme/platform } }
defaults: { signIn: hub, access: authenticated }
routes:
  - { id: any, match: { path: /any }, upstream: pages, credentials: [session] }
  - { id: staff, match: { path: /staff }, upstream: pages, credentials: [session], access: [staff] }
  - { id: platform, match: { path: /platform }, upstream: pages, credentials: [session], access: [platform] }
  - { id: token, match: { path: /token }, upstream: pages, credentials: [session], forwardToken: access }
`);
  running.push(gateway);
  const browser = new CookieBrowser();
  const signIn = async (path = '/any', by = browser) => await by.visit(`${origin}${path}`);
  /** The status that a script of a page gets. */
  const script = async (path = '/any', by = browser) =>
    (await by.open(`${origin}${path}`, { headers: { accept: '*/*', 'sec-fetch-mode': 'cors' } })).status;
  const received = (name: string) => service.last().header(name)[0];
  return { origin, github, service, gateway, browser, signIn, script, received };
}

const email = (address: string, primary: boolean, verified: boolean) => ({ email: address, primary, verified });

test('a user signs in, and the service sees the id, and not the login, as the user', async () => {
  const { github, origin, signIn, received } = await world();
  github.person = {
    id: 583231,
    login: 'octocat',
    name: 'Octo Cat',
    emails: [email('octo@example.test', true, true)],
    orgs: ['acme'],
    teams: [['acme', 'platform']],
  };
  const seen = await signIn('/any?a=b#c');
  expect(seen).toMatchObject({ status: 200, url: `${origin}/any?a=b#c` });
  const { searchParams } = new URL(seen.way.find((one) => one.startsWith(`${github.url}/login/oauth/authorize?`))!);
  expect(searchParams.get('scope')).toBe('user:email read:org');
  expect(['x-user', 'x-alias', 'x-name', 'x-groups', 'x-email'].map(received)).toEqual([
    ...['583231', 'octocat', 'Octo Cat', 'acme,acme/platform', 'octo@example.test'],
  ]);
});

test('organizations and teams give roles', async () => {
  const { github, signIn, script } = await world();
  github.person = { id: 1, login: 'ann', orgs: ['acme'], teams: [['acme', 'design']] };
  expect((await signIn()).status).toBe(200);
  expect(await script('/staff')).toBe(200);
  expect(await script('/platform')).toBe(403);
});

test.each([
  ['of the user and good', [email('other@a.test', false, true), email('ann@a.test', true, true)], 'ann@a.test'],
  ['not verified', [email('ann@a.test', true, false)], undefined],
  ['not the primary one', [email('ann@a.test', false, true)], undefined],
  ['not there', [], undefined],
])('an address that is %s', async (_, emails, expected) => {
  const { github, signIn, received } = await world();
  github.person = { id: 1, login: 'ann', orgs: [], emails };
  expect((await signIn()).status).toBe(200);
  expect(received('x-email')).toBe(expected);
});

test('a session can read its groups by other fields, such as ids of organizations, which nobody else can get', async () => {
  const { github, signIn, received } = await world({ settings: ', fields: { groups: organization_ids }' });
  github.person = { id: 1, login: 'ann', orgs: ['acme', 'other'] };
  expect((await signIn()).status).toBe(200);
  expect(received('x-groups')).toBe(`${idOfOrganization('acme')},${idOfOrganization('other')}`);
});

test('without their scopes, addresses and organizations are not read', async () => {
  const { github, signIn } = await world({ settings: ', scopes: []' });
  expect((await signIn()).status).toBe(200);
  expect(github.calls.filter((path) => path.startsWith('/api/'))).toEqual(['/api/v3/user']);
});

describe('who someone is', () => {
  test('a user with another login is the same one', async () => {
    const { github, signIn, script, received } = await world();
    expect((await signIn()).status).toBe(200);
    expect([received('x-user'), received('x-alias')]).toEqual(['1', 'ann']);
    github.person.login = 'annabel';
    later(16);
    expect(await script()).toBe(200);
    expect([received('x-user'), received('x-alias')]).toEqual(['1', 'annabel']);
  });

  test('a user who takes a login that has become free is another one, without the sessions of the first', async () => {
    const { github, origin, signIn, received } = await world();
    const [first, second] = [new CookieBrowser(), new CookieBrowser()];
    const ann = github.person;
    await signIn('/any', first);
    ann.login = 'annabel';
    github.person = { id: 2, login: 'ann', orgs: [] };
    await signIn('/any', second);
    expect([received('x-user'), received('x-alias')]).toEqual(['2', 'ann']);
    const list = await second.visit(`${origin}/.rolegate/sessions`);
    expect(list.text.match(/\?end=/g)).toHaveLength(1);
    await second.open(`${origin}/.rolegate/sign-out?everywhere=1`, {
      method: 'POST',
      headers: { origin, 'sec-fetch-site': 'same-origin' },
    });
    await signIn('/any', first);
    expect(received('x-user')).toBe('1');
  });
});

describe('a sign-in that fails', () => {
  const tokenCalls = (calls: readonly string[]) => calls.filter((path) => path === '/login/oauth/access_token').length;

  test('with another client secret, which GitHub refuses with 200', async () => {
    const { gateway, browser, origin, signIn, script } = await world({ clientSecret: 'a former secret' });
    const seen = await signIn();
    expect(seen.status).toBe(403);
    expect(seen.text).toContain('<code>invalid_client</code>');
    const line = () => gateway.logLines().find(({ reason }) => reason === 'sign_in_failed');
    await expect.poll(line).toMatchObject({ err: expect.stringContaining('incorrect_client_credentials') });
    expect(browser.cookies.get(new URL(origin).host)?.has('rolegate-session')).toBe(false);
    expect(await script()).toBe(401);
  });

  test('canceled by the user, without a call for tokens', async () => {
    const { github, signIn } = await world();
    github.denies = true;
    const seen = await signIn();
    expect(seen.status).toBe(403);
    expect(seen.text).toContain('<code>access_denied</code>');
    expect(tokenCalls(github.calls)).toBe(0);
  });

  test('with a code that was used: the browser begins again, once', async () => {
    const { github, signIn, browser } = await world();
    const seen = await signIn();
    const callback = seen.way.find((one) => one.includes('/callback/hub'))!;
    browser.cookies.get(new URL(callback).host)!.delete('rolegate-session');
    expect((await browser.visit(callback)).status).toBe(200);
    expect(tokenCalls(github.calls)).toBe(2);
  });

  test('because the app may not read organizations', async () => {
    const { github, signIn } = await world();
    github.mood = { status: 403, path: '/user/orgs', message: 'Resource not accessible by integration' };
    const seen = await signIn();
    expect(seen.status).toBe(403);
    expect(seen.text).toContain('<code>insufficient_scope</code>');
  });

  test('because a list is longer than what is read', async () => {
    const { github, signIn, script } = await world();
    const orgs = Array.from({ length: 299 }, (_, at) => `org-${at}`);
    github.person = { id: 1, login: 'ann', orgs: [...orgs, 'acme'] };
    expect((await signIn()).status).toBe(200);
    expect(await script('/staff')).toBe(200);
    github.person = { id: 2, login: 'bob', orgs: [...orgs, 'acme', 'one-more'] };
    const seen = await signIn('/any', new CookieBrowser());
    expect(seen.status).toBe(403);
    expect(seen.text).toContain('<code>too_many_groups</code>');
    expect(github.calls.filter((path) => path === '/api/v3/user/orgs')).toHaveLength(6);
  });

  test('because it must be recent or of a kind, which GitHub does not state', async () => {
    const { github, origin, browser, signIn, script } = await world();
    await signIn();
    const before = github.calls.length;
    for (const demand of ['max_age=3600', 'acr_values=two-factors']) {
      const start = `${origin}/.rolegate/sign-in/hub?return_to=/any&${demand}`;
      expect(await (await browser.open(`${start}&check=1`)).text()).toBe('no');
      const seen = await browser.visit(start);
      expect(seen.status).toBe(403);
      expect(seen.text).toContain('<code>unmet_authentication_requirements</code>');
    }
    expect(github.calls).toHaveLength(before);
    expect(await script()).toBe(200);
  });
});

/** Each is an outage, and never a bad credential. */
const outages: readonly (readonly [string, GithubMood])[] = [
  ['an error', { status: 503 }],
  ['an exceeded limit', { status: 403, headers: { 'x-ratelimit-remaining': '0' }, message: 'API limit' }],
  ['a secondary limit', { status: 403, message: 'You have exceeded a secondary rate limit.' }],
  ['a limit with a time', { status: 403, headers: { 'retry-after': '60' } }],
  ['too many requests', { status: 429 }],
  ['an error for one list', { status: 502, path: '/user/teams' }],
];

test.each(outages)('with %s, a sign-in is 503, and works afterwards', async (_, mood) => {
  const { github, signIn } = await world();
  github.mood = mood;
  expect((await signIn()).status).toBe(503);
  github.mood = null;
  expect((await signIn()).status).toBe(200);
});

describe('a session that is read again', () => {
  test('is read in the background after half of the time, and loses the role of an organization that was left', async () => {
    const { github, signIn, script } = await world();
    github.person = { id: 1, login: 'ann', orgs: ['acme'] };
    await signIn();
    github.person.orgs = [];
    later(7);
    expect(await script('/staff')).toBe(200);
    later(1);
    await expect
      .poll(async () => {
        later(0.1);
        return await script('/staff');
      })
      .toBe(403);
    expect(await script()).toBe(200);
  });

  test.each([
    ['a token that was revoked', (github: { revoke(): void }) => github.revoke()],
    [
      'a user who is suspended',
      (github: { mood: GithubMood | null }) => {
        github.mood = { status: 403, path: '/user', message: 'Sorry. Your account was suspended.' };
      },
    ],
  ])('ends with %s', async (_, end) => {
    const { github, signIn, script } = await world();
    await signIn();
    end(github);
    later(16);
    expect(await script()).toBe(401);
    github.mood = null;
    expect(await script()).toBe(401);
  });

  test.each([
    ...outages,
    ['a permission that the app has lost', { status: 403, path: '/user/orgs' }] as const,
    ['a response that is none', { status: 200, path: '/user/orgs' }] as const,
  ])('survives %s: it goes on to the end of the time, is 503 then, and is kept', async (_, mood) => {
    const { github, signIn, script } = await world();
    await signIn();
    github.mood = mood;
    later(8);
    expect(await script()).toBe(200);
    later(8);
    expect(await script()).toBe(503);
    github.mood = null;
    expect(await script()).toBe(200);
  });

  test('is not given to another user whose token it would be', async () => {
    const { github, signIn, script } = await world();
    await signIn();
    Object.assign(github.person, { id: 2 });
    later(16);
    expect(await script()).toBe(401);
  });
});

test('signing out ends the session here, and has no page at GitHub', async () => {
  const { origin, browser, signIn, script } = await world();
  await signIn();
  const own = { origin, 'sec-fetch-site': 'same-origin' };
  const out = await browser.open(`${origin}/.rolegate/sign-out`, { method: 'POST', headers: own });
  expect(out.headers.get('location')).toBe('/.rolegate/signed-out');
  expect(await script()).toBe(401);
});

describe('tokens of a GitHub App, which end', () => {
  test('are forwarded as long as they are good, and refreshed before they end', async () => {
    const { signIn, script, received } = await world({ tokensEnd: true });
    await signIn();
    expect(await script('/token')).toBe(200);
    const first = received('authorization');
    later(7 * 60);
    expect(await script('/token')).toBe(200);
    expect(received('authorization')).toBe(first);
    later(55);
    expect(await script('/token')).toBe(200);
    const second = received('authorization');
    expect(second).not.toBe(first);
    // Nobody used it until it had ended.
    later(9 * 60);
    expect(await script('/token')).toBe(200);
    expect(received('authorization')).not.toBe(second);
  });

  test('end their session if they cannot be refreshed', async () => {
    const { github, signIn, script } = await world({ tokensEnd: true });
    await signIn();
    github.revoke();
    later(16);
    expect(await script('/token')).toBe(401);
  });
});

test('tokens that were renewed are kept, although the user could not be read then', async () => {
  const { github, signIn, script } = await world({ tokensEnd: true });
  await signIn();
  later(9 * 60);
  github.mood = { status: 503, path: '/user' };
  expect(await script()).toBe(503);
  github.mood = null;
  later(1);
  expect(await script()).toBe(200);
});

test('a user with more organizations and teams than fit into a session gets a page that says so', async () => {
  const { github, signIn, script } = await world();
  const orgs = Array.from({ length: 200 }, (_, i) => `${'o'.repeat(30)}${i}`);
  const teams = Array.from({ length: 280 }, (_, i) => [orgs[i % 200]!, `${'t'.repeat(90)}${i}`] as const);
  github.person = { id: 1, login: 'ann', orgs, teams };
  const refused = await signIn();
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('session_too_large');
  // One who grows is signed out once the claims are too old.
  const person = { id: 1, login: 'ann', orgs: ['acme'], teams: [] };
  github.person = person;
  expect((await signIn()).status).toBe(200);
  Object.assign(person, { orgs, teams });
  later(16);
  expect(await script()).toBe(401);
});
