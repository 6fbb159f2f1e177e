/**
 * GitHub as far as sign-in needs it, written from its documentation: the two pages of OAuth 2.0, and the four calls of the API, as a GitHub
 * Enterprise Server has them. The browser is signed in there already, and its user consents at once.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GithubPerson {
  readonly id: number;
  login: string;
  readonly name?: string | null;
  readonly emails?: readonly { readonly email: string; readonly primary: boolean; readonly verified: boolean }[];
  orgs: readonly string[];
  readonly teams?: readonly (readonly [org: string, slug: string])[];
}

/** What it responds to every call of the API instead. */
export interface GithubMood {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** Of these calls only. */
  readonly path?: string;
}

export interface Github {
  readonly url: string;
  /** Whom the browser is signed in as. */
  person: GithubPerson;
  /** Whether the user cancels. */
  denies: boolean;
  mood: GithubMood | null;
  /** Paths of the calls, newest last. */
  readonly calls: readonly string[];
  /** All tokens. */
  revoke(): void;
  close(): Promise<void>;
}

export const githubClient = { id: 'Iv1.client', secret: 'the secret of the app' };

interface Grant {
  readonly person: GithubPerson;
  readonly challenge: string;
  readonly redirectUri: string;
}

/** `tokensEnd`: as those of a GitHub App. */
export async function startGithub({ callback = '', tokensEnd = false } = {}): Promise<Github> {
  const codes = new Map<string, Grant>();
  const tokens = new Map<string, GithubPerson>();
  const refreshTokens = new Map<string, { readonly person: GithubPerson; readonly access: string }>();
  const calls: string[] = [];
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const github = {
    url,
    person: { id: 1, login: 'ann', orgs: [] } as GithubPerson,
    denies: false,
    mood: null as GithubMood | null,
    calls,
    revoke: () => tokens.clear(),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, url);
    calls.push(pathname);
    if (pathname === '/login/oauth/authorize') authorize(searchParams, response);
    else if (pathname === '/login/oauth/access_token') await exchange(request, response);
    else if (pathname.startsWith('/api/v3/')) api(pathname.slice('/api/v3'.length), searchParams, request, response);
    else json(response, 404, { message: 'Not Found' });
  }

  function authorize(query: URLSearchParams, response: ServerResponse) {
    const redirectUri = query.get('redirect_uri') ?? '';
    const challenge = query.get('code_challenge') ?? '';
    const isGood =
      query.get('client_id') === githubClient.id &&
      redirectUri === callback &&
      query.get('code_challenge_method') === 'S256' &&
      challenge.length === 43;
    if (!isGood) return json(response, 404, { message: 'Not Found' });
    const back = new URL(redirectUri);
    if (github.denies) {
      back.searchParams.set('error', 'access_denied');
      back.searchParams.set('error_description', 'The user has denied your application access.');
    } else {
      const code = randomBytes(10).toString('hex');
      codes.set(code, { person: github.person, challenge, redirectUri });
      back.searchParams.set('code', code);
    }
    back.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: back.href }).end();
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (github.mood !== null && github.mood.path === undefined && github.mood.status >= 500)
      return json(response, github.mood.status, {});
    const form = new URLSearchParams(text);
    const body = tokensFor(form);
    // The status of a refusal is 200, too; and without this header it is a form.
    if (request.headers.accept === 'application/json') return json(response, 200, body);
    const fields = Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]);
    response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' });
    response.end(String(new URLSearchParams(fields)));
  }

  function tokensFor(form: URLSearchParams): object {
    const refusal = (error: string) => ({ error, error_description: `It is ${error}.`, error_uri: '/apps/x' });
    if (form.get('client_id') !== githubClient.id || form.get('client_secret') !== githubClient.secret)
      return refusal('incorrect_client_credentials');
    if (form.get('grant_type') === 'refresh_token') {
      const known = refreshTokens.get(form.get('refresh_token') ?? '');
      if (known === undefined) return refusal('bad_refresh_token');
      refreshTokens.delete(form.get('refresh_token')!);
      tokens.delete(known.access);
      return issue(known.person);
    }
    const code = form.get('code') ?? '';
    const grant = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (grant === undefined || grant.challenge !== challenge) return refusal('bad_verification_code');
    return grant.redirectUri === form.get('redirect_uri') ? issue(grant.person) : refusal('redirect_uri_mismatch');
  }

  function issue(person: GithubPerson): object {
    const access = `gho_${randomBytes(18).toString('hex')}`;
    tokens.set(access, person);
    const common = { access_token: access, scope: 'read:org,user:email', token_type: 'bearer' };
    if (!tokensEnd) return common;
    const refresh = `ghr_${randomBytes(18).toString('hex')}`;
    refreshTokens.set(refresh, { person, access });
    return { ...common, expires_in: 28_800, refresh_token: refresh, refresh_token_expires_in: 15_897_600 };
  }

  function api(path: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse) {
    const { mood } = github;
    if (mood !== null && (mood.path ?? path) === path)
      return json(response, mood.status, { message: mood.message ?? '' }, mood.headers);
    const { authorization = '', 'user-agent': agent } = request.headers;
    if (agent === undefined) return json(response, 403, { message: 'Request forbidden by administrative rules.' });
    const person = tokens.get(/^Bearer (.+)$/.exec(authorization)?.[1] ?? '');
    if (person === undefined) return json(response, 401, { message: 'Bad credentials' });
    const { id, login, name = null, emails = [], orgs, teams = [] } = person;
    const organization = (org: string) => ({ login: org, id: idOfOrganization(org), description: '' });
    if (path === '/user') return json(response, 200, { id, login, name, email: null, type: 'User' });
    const lists: Readonly<Record<string, readonly object[]>> = {
      '/user/emails': emails,
      '/user/orgs': orgs.map(organization),
      '/user/teams': teams.map(([org, slug], at) => ({
        id: at + 1,
        slug,
        name: slug,
        organization: organization(org),
      })),
    };
    const list = lists[path];
    if (list === undefined) return json(response, 404, { message: 'Not Found' });
    const size = Math.min(100, Number(query.get('per_page') ?? 30));
    const page = Number(query.get('page') ?? 1);
    const hasMore = page * size < list.length;
    const link = `<${url}/api/v3${path}?per_page=${size}&page=${page + 1}>; rel="next", <${url}>; rel="last"`;
    json(response, 200, list.slice((page - 1) * size, page * size), hasMore ? { link } : {});
  }

  return github;
}

/** Of the organization, in the API. */
export function idOfOrganization(login: string): number {
  return [...login].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 1_000_000;
}

function json(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}
