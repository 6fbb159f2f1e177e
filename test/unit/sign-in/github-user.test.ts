/** What the responses of GitHub's API are as claims, and where its API is. */
import { describe, expect, test } from 'vitest';
import { GithubRefusal, githubApi, readGithubUser } from '../../../src/sign-in/github-api.ts';

const ann = { id: 583231, login: 'ann', name: 'Ann Example' };
const acme = { id: 77, login: 'acme' };
const good = { email: 'ann@a.test', primary: true, verified: true };

interface Responses {
  readonly '/user'?: unknown;
  readonly '/user/emails'?: unknown;
  readonly '/user/orgs'?: unknown;
  readonly '/user/teams'?: unknown;
}

const empty = { '/user': ann, '/user/emails': [], '/user/orgs': [], '/user/teams': [] };

function read(responses: Responses, scopes: readonly string[] = ['user:email', 'read:org'], asked: string[] = []) {
  const all = { ...empty, ...responses };
  const calls = {
    fetch: async (url: string) => {
      const { pathname } = new URL(url);
      asked.push(pathname);
      return new Response(JSON.stringify(all[pathname as keyof typeof all]));
    },
    close: async () => {},
  };
  return readGithubUser(calls, { api: 'https://api.github.com', token: 't', scopes, timeoutMs: 1_000 });
}

describe('claims', () => {
  test.each<[string, Responses, object]>([
    ['the id as a text, and the login as the short name', {}, { sub: '583231', preferred_username: 'ann' }],
    ['the name', {}, { name: 'Ann Example' }],
    ['no name that is null', { '/user': { ...ann, name: null } }, { name: undefined }],
    ['no name that is empty', { '/user': { ...ann, name: '' } }, { name: undefined }],
    ['the public address of the profile never', { '/user': { ...ann, email: 'x@a.test' } }, { email: undefined }],
    ['the good address', { '/user/emails': [good] }, { email: 'ann@a.test', email_verified: true }],
    [
      'no address that is not verified',
      { '/user/emails': [{ ...good, verified: false }] },
      { email: undefined, email_verified: undefined },
    ],
    [
      'no address whose verification is no boolean',
      { '/user/emails': [{ ...good, verified: 'yes' }] },
      { email: undefined },
    ],
    [
      'organizations, by name and by id',
      { '/user/orgs': [acme] },
      { organizations: ['acme'], organization_ids: ['77'], groups: ['acme'] },
    ],
    [
      'teams with their organization, which need not be listed',
      { '/user/teams': [{ slug: 'platform', organization: acme }] },
      { organizations: [], teams: ['acme/platform'], groups: ['acme/platform'] },
    ],
  ])('have %s', async (_, responses, expected) => {
    const { claims } = await read(responses);
    for (const [name, value] of Object.entries(expected)) expect(claims[name], name).toEqual(value);
  });

  test.each([
    [['user'], ['/user/emails']],
    [['admin:org'], ['/user/orgs', '/user/teams']],
    [['repo'], []],
  ])('are read as the scopes %s allow', async (scopes, lists) => {
    const asked: string[] = [];
    await read({}, scopes, asked);
    expect(asked).toEqual(['/user', ...lists]);
  });
});

test.each<[string, Responses]>([
  ['a user without an id', { '/user': { login: 'ann' } }],
  ['an id that is no number', { '/user': { ...ann, id: '583231' } }],
  ['an id that is not exact', { '/user': { ...ann, id: 2 ** 60 } }],
  ['no object', { '/user': null }],
  ['a list that is none', { '/user/orgs': {} }],
  ['an organization without a name', { '/user/orgs': [{ id: 1 }] }],
  ['a team without an organization', { '/user/teams': [{ slug: 'a' }] }],
])('%s is refused', async (_, responses) => {
  await expect(read(responses)).rejects.toThrow(GithubRefusal);
});

test.each([
  ['https://github.com', 'https://api.github.com'],
  ['https://octocorp.ghe.com', 'https://api.octocorp.ghe.com'],
  ['https://git.example.test', 'https://git.example.test/api/v3'],
  ['https://github.com.example.test', 'https://github.com.example.test/api/v3'],
  ['https://evilghe.com', 'https://evilghe.com/api/v3'],
])('the API of %s is %s', (url, api) => {
  expect(githubApi(url)).toBe(api);
});
