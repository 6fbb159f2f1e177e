/**
 * What the API of GitHub says about a user, as claims: the user, the verified primary address, organizations and teams. A list that is not
 * complete is a failure, because rules can also demand that someone is in none of some groups.
 */
import { type ProviderFetch, ProviderUnavailable } from './provider-fetch.ts';

/** GitHub said no, or something that is not in its documentation. */
export class GithubRefusal extends Error {
  readonly error: string;

  /** `error`: as in `Refused`. */
  constructor(error: string, detail: string) {
    super(detail);
    this.error = error;
  }
}

export interface GithubUser {
  /** The id. A login can be changed, and then taken by someone else. */
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A page of 100 teams takes half of it. */
export const maxGithubBytes = 1_048_576;

const perPage = 100;
/** Of one list. More names do not fit into a session. */
const maxPages = 3;

/** That of github.com and of subdomains of ghe.com has a host of its own, that of a GitHub Enterprise Server a path. */
export function githubApi(url: string): string {
  const { protocol, host } = new URL(url);
  const isHosted = host === 'github.com' || host.endsWith('.ghe.com');
  return isHosted ? `${protocol}//api.${host}` : `${url}/api/v3`;
}

/** `scopes` decide what is read. Rejects with `GithubRefusal` or `ProviderUnavailable`. `timeoutMs`: of all calls together. */
export async function readGithubUser(
  calls: ProviderFetch,
  {
    api,
    token,
    scopes,
    timeoutMs,
  }: Readonly<{ api: string; token: string; scopes: readonly string[]; timeoutMs: number }>,
): Promise<GithubUser> {
  const endMs = performance.now() + timeoutMs;

  /** `forbidden`: what a 403 means that is no limit. */
  async function get(path: string, forbidden: string): Promise<Response> {
    const headers = {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${token}`,
      'x-github-api-version': '2022-11-28',
      // Requests without one are refused.
      'user-agent': 'rolegate',
    };
    const restMs = Math.max(1, endMs - performance.now());
    const response = await calls.fetch(api + path, { method: 'GET', headers }, restMs);
    const { status } = response;
    if (status === 200) return response;
    if (status === 401) throw new GithubRefusal('invalid_token', `${path}: the token is not valid any more`);
    if (await isLimited(response)) throw new ProviderUnavailable(`${api}${path}: the rate limit is exceeded`);
    throw new GithubRefusal(status === 403 ? forbidden : 'invalid_response', `${path}: status ${status}`);
  }

  async function list<T>(path: string, read: (item: unknown) => T | null): Promise<readonly T[]> {
    const all: T[] = [];
    for (let page = 1; page <= maxPages; page += 1) {
      const response = await get(`${path}?per_page=${perPage}&page=${page}`, 'insufficient_scope');
      const items = await jsonOf(response, path);
      if (!Array.isArray(items)) throw unexpected(path);
      for (const item of items) all.push(read(item) ?? fail(unexpected(path)));
      // Its address is not followed: the token is for this API only.
      if (!/\brel="next"/.test(response.headers.get('link') ?? '')) return all;
    }
    throw new GithubRefusal('too_many_groups', `${path}: more than ${maxPages * perPage} entries`);
  }

  // First, because a token that is not valid any more shows here, and a user who is suspended.
  const user = readUser(await jsonOf(await get('/user', 'access_denied'), '/user')) ?? fail(unexpected('/user'));
  const has = (...any: string[]) => any.some((scope) => scopes.includes(scope));
  const readsOrganizations = has('read:org', 'write:org', 'admin:org');
  const [addresses, organizations, teams] = await Promise.all([
    has('user:email', 'user') ? list('/user/emails', readAddress) : [],
    readsOrganizations ? list('/user/orgs', readOrganization) : [],
    readsOrganizations ? list('/user/teams', readTeam) : [],
  ]);
  return { subject: user.sub, claims: claimsOf(user, addresses, organizations, teams) };
}

interface User {
  readonly sub: string;
  readonly login: string;
  readonly name: string | null;
}

interface Address {
  readonly email: string;
  readonly isGood: boolean;
}

interface Organization {
  readonly id: string;
  readonly login: string;
}

/** Under the names of OpenID Connect, where it has them. */
function claimsOf(
  { sub, login, name }: User,
  addresses: readonly Address[],
  organizations: readonly Organization[],
  teams: readonly string[],
): GithubUser['claims'] {
  const address = addresses.find(({ isGood }) => isGood);
  const names = organizations.map((one) => one.login);
  return {
    sub,
    preferred_username: login,
    ...(name === null ? {} : { name }),
    ...(address === undefined ? {} : { email: address.email, email_verified: true }),
    groups: [...names, ...teams],
    organizations: names,
    organization_ids: organizations.map(({ id }) => id),
    teams,
  };
}

function readUser(json: unknown): User | null {
  const { id, login, name = null } = fieldsOf(json);
  const sub = idOf(id);
  if (sub === null || typeof login !== 'string') return null;
  return { sub, login, name: typeof name === 'string' && name !== '' ? name : null };
}

function readAddress(json: unknown): Address | null {
  const { email, primary, verified } = fieldsOf(json);
  return typeof email === 'string' ? { email, isGood: primary === true && verified === true } : null;
}

function readOrganization(json: unknown): Organization | null {
  const { id: number, login } = fieldsOf(json);
  const id = idOf(number);
  return id !== null && typeof login === 'string' ? { id, login } : null;
}

/** With its organization, as in a mention: names of teams are unique there only. */
function readTeam(json: unknown): string | null {
  const { slug, organization } = fieldsOf(json);
  const of = readOrganization(organization);
  return of !== null && typeof slug === 'string' ? `${of.login}/${slug}` : null;
}

/** As a text, like ids of every other provider. */
function idOf(value: unknown): string | null {
  return Number.isSafeInteger(value) && (value as number) > 0 ? String(value) : null;
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
}

async function jsonOf(response: Response, path: string): Promise<unknown> {
  return await response.json().catch(() => fail(unexpected(path)));
}

/** A limit that is exceeded is 403 as well as 429; a secondary one may show in the message only. */
async function isLimited(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const { headers } = response;
  if (headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after')) return true;
  return /rate limit/i.test(await response.text());
}

function unexpected(path: string): GithubRefusal {
  return new GithubRefusal('invalid_response', `${path}: not a response of this API`);
}

function fail(error: Error): never {
  throw error;
}
