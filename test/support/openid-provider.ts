/** A real OpenID provider (`oidc-provider`) on loopback, with a user who consents at once. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';

export interface OpenidProvider {
  readonly issuer: string;
  /** By the authorization code flow with PKCE, for `ann`. `resource`: the audience of a JWT. */
  codeFlow(options?: { readonly scope?: string; readonly resource?: string; readonly nonce?: string }): Promise<Tokens>;
  /** As the browser of `ann`: follows an authorization request of the client `web`, and returns the code. */
  signIn(url: string): Promise<string>;
  /** By client credentials, for the client `machine`. */
  clientCredentials(resource?: string): Promise<Tokens>;
  /**
   * Ends the session of the last code flow, as a browser does; resolves when the provider has sent its messages to
   * clients.
   */
  signOut(): Promise<void>;
  /** Revokes a token. */
  revoke(token: string): Promise<void>;
  /** Signs with a new key from now on; `keepOld`: also publishes the previous one. */
  rotate(keepOld: boolean): Promise<void>;
  /** How often its keys were fetched. */
  readonly keyFetches: number;
  close(): Promise<void>;
}

export interface Tokens {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
}

export const redirectUri = 'https://app.example.test/callback';
export const webSecret = 'the secret of the web client';
const machineSecret = 'the secret of the machine';

/** What a provider does with a demanded `acr`: it grants "two-factors", and refuses all others; or it ignores the demand. */
export type OnAcr = 'grants' | 'ignores';

export interface Steering {
  /** Lifetime of access tokens. Default: an hour. */
  readonly accessTokenS?: number;
  /** Every refresh gives a new refresh token, and the use of an old one ends the grant. */
  readonly rotates?: boolean;
  /** Awaited when the token endpoint has acted, before it responds. */
  readonly beforeTokens?: () => Promise<void>;
  /** The provider has a form, and calls this when it is sent. If unset, the user signs in without one. */
  readonly onForm?: () => void;
}

/** `gateway`: the gateway's client metadata there; `web`: more metadata of the code flow's client. */
export async function startOpenidProvider(
  gateway: object,
  web: object = {},
  onAcr: OnAcr = 'grants',
  steering: Steering = {},
): Promise<OpenidProvider> {
  let keys = [await makeKey('key-1')];
  let made = 1;
  let keyFetches = 0;
  const server = createServer((request, response) => {
    if (request.url === '/jwks') keyFetches += 1;
    if (request.url === '/token') holdBack(response, steering.beforeTokens);
    void handle(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = new Map<string, Record<string, unknown>>();
  let provider = createProvider(issuer, keys, { gateway, web, onAcr, steering }, store);
  let handle = provider.callback();

  const cookies = new Map<string, string>();

  const post = async (path: string, form: Record<string, string>, client: string, secret: string) => {
    const response = await fetch(`${issuer}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client}:${encodeURIComponent(secret)}`).toString('base64')}` },
      body: new URLSearchParams(form),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as object);
  };

  return {
    issuer,
    get keyFetches() {
      return keyFetches;
    },
    async codeFlow({ scope = 'openid profile', resource, nonce } = {}) {
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        client_id: 'web',
        response_type: 'code',
        redirect_uri: redirectUri,
        scope,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...(resource === undefined ? {} : { resource }),
        ...(nonce === undefined ? {} : { nonce }),
      });
      const code = await signIn(`${issuer}/auth?${query}`, cookies);
      return (await post(
        '/token',
        {
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...(resource === undefined ? {} : { resource }),
        },
        'web',
        webSecret,
      )) as Tokens;
    },
    signIn: (url) => signIn(url, cookies),
    clientCredentials: async (resource) =>
      (await post(
        '/token',
        { grant_type: 'client_credentials', scope: 'orders', ...(resource === undefined ? {} : { resource }) },
        'machine',
        machineSecret,
      )) as Tokens,
    async signOut() {
      const page = await browse(`${issuer}/session/end`, cookies);
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
      const body = new URLSearchParams({ xsrf, logout: 'yes' });
      const response = await browse(`${issuer}/session/end/confirm`, cookies, { method: 'POST', body });
      if (response.status !== 303) throw new Error(`${response.status} ${await response.text()}`);
    },
    async revoke(token) {
      await post('/token/revocation', { token }, 'web', webSecret);
    },
    async rotate(keepOld) {
      made += 1;
      keys = [await makeKey(`key-${made}`), ...(keepOld ? keys : [])];
      provider = createProvider(issuer, keys, { gateway, web, onAcr, steering }, store);
      handle = provider.callback();
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function holdBack(response: ServerResponse, until: Steering['beforeTokens']): void {
  if (until === undefined) return;
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.end = (...args: unknown[]) => {
    void until().then(() => end(...args));
    return response;
  };
}

async function makeKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' };
}

/** `store`: issued tokens, which a change of keys does not affect. */
function createProvider(
  issuer: string,
  keys: readonly JWK[],
  {
    gateway,
    web,
    onAcr,
    steering,
  }: { readonly gateway: object; readonly web: object; readonly onAcr: OnAcr; readonly steering: Steering },
  store: Map<string, Record<string, unknown>>,
): Provider {
  const client = { id_token_signed_response_alg: 'ES256' as const };
  const configuration: Configuration = {
    adapter: (name: string) => adapterOf(name, store),
    clients: [
      {
        ...client,
        client_id: 'web',
        client_secret: webSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        ...web,
      },
      {
        ...client,
        client_id: 'machine',
        client_secret: machineSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        scope: 'orders',
      },
      { ...client, redirect_uris: [], response_types: [], grant_types: [], ...gateway, client_id: 'gateway' },
    ],
    jwks: { keys: [...keys] as never },
    cookies: { keys: ['a key of cookies'] },
    ttl: {
      ...{
        AccessToken: steering.accessTokenS ?? 3600,
        AuthorizationCode: 60,
        ClientCredentials: 3600,
        Grant: 3600,
        IdToken: 3600,
      },
      ...{ Interaction: 3600, RefreshToken: 3600, Session: 3600 },
    },
    scopes: ['openid', 'profile', 'offline_access', 'orders'],
    claims: { openid: ['sub', 'roles', 'https://example.test/groups'], profile: ['name', 'preferred_username'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        roles: ['user'],
        'https://example.test/groups': ['acme'],
        name: 'Ann Example',
        preferred_username: 'ann',
      }),
    }),
    extraTokenClaims(ctx, token) {
      if (token.kind !== 'AccessToken') return { roles: ['machine'] };
      const sid = ctx.oidc.entities.AuthorizationCode?.sid;
      return { roles: ['user'], ...(sid === undefined ? {} : { sid }) };
    },
    ...(steering.rotates === undefined ? {} : { rotateRefreshToken: steering.rotates }),
    issueRefreshToken: async (_, asking) => asking.grantTypeAllowed('refresh_token'),
    fetch: (url, options) => fetch(url, unguarded(options)),
    acrValues: ['two-factors', 'hardware'],
    features: {
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => void Object.assign(ctx, { body: form }) },
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'openid profile orders',
          audience: resource,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(ctx) {
      const { client: asking, session, params } = ctx.oidc;
      const { Grant } = ctx.oidc.provider;
      // The one of an earlier sign-in, whose codes would otherwise end.
      const known = session!.grantIdFor(asking!.clientId);
      const grant =
        (known === undefined ? undefined : await Grant.find(known)) ??
        new Grant({ clientId: asking!.clientId, accountId: session!.accountId! });
      grant.addOIDCScope('openid profile offline_access orders');
      const resource = params?.['resource'];
      if (typeof resource === 'string') grant.addResourceScope(resource, 'openid profile orders');
      await grant.save();
      return grant;
    },
  };
  const provider = new Provider(issuer, configuration);
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    if (steering.onForm !== undefined && ctx.method === 'GET') {
      ctx.body =
        '<!doctype html><form method="post"><input name="password" type="password"><button>Sign in</button></form>';
      return;
    }
    steering.onForm?.();
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const demanded = onAcr === 'ignores' ? [] : String(params['acr_values'] ?? '').split(' ');
    const acr = demanded.find((one) => one === 'two-factors');
    const isRefused = onAcr === 'grants' && params['acr_values'] !== undefined && acr === undefined;
    await provider.interactionFinished(
      ctx.req,
      ctx.res,
      isRefused
        ? { error: 'unmet_authentication_requirements' }
        : { login: { accountId: 'ann', ...(acr === undefined ? {} : { acr }) } },
    );
    ctx.respond = false;
  });
  return provider;
}

/** Without its own guard, which blocks requests to loopback. */
function unguarded(options: { readonly dispatcher?: unknown } = {}): RequestInit {
  const { dispatcher: _, ...rest } = options;
  return rest;
}

function adapterOf(name: string, store: Map<string, Record<string, unknown>>) {
  const key = (id: string) => `${name}:${id}`;
  const by = (field: string, value: string) =>
    [...store].find(([at, entry]) => at.startsWith(`${name}:`) && entry[field] === value)?.[1];
  return {
    upsert: async (id: string, payload: object) => void store.set(key(id), payload as Record<string, unknown>),
    find: async (id: string) => store.get(key(id)),
    findByUid: async (uid: string) => by('uid', uid),
    findByUserCode: async (code: string) => by('userCode', code),
    consume: async (id: string) => {
      store.set(key(id), { ...store.get(key(id)), consumed: Math.floor(Date.now() / 1000) });
    },
    destroy: async (id: string) => void store.delete(key(id)),
    revokeByGrantId: async (grantId: string) => {
      for (const [at, entry] of store) if (entry['grantId'] === grantId) store.delete(at);
    },
  };
}

/** As a browser does: follows redirects with cookies, up to the client's page. Returns the code. */
async function signIn(url: string, cookies: Map<string, string>): Promise<string> {
  cookies.clear();
  let next = url;
  for (let step = 0; step < 10; step += 1) {
    const response = await browse(next, cookies);
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${next}: ${response.status} ${await response.text()}`);
    next = new URL(location, next).href;
    const code = next.startsWith(redirectUri) ? new URL(next).searchParams : null;
    if (code !== null) return code.get('code') ?? Promise.reject(new Error(next));
  }
  throw new Error('too many redirects');
}

/** One browser request with these cookies, which the response updates. */
async function browse(url: string, cookies: Map<string, string>, init: RequestInit = {}): Promise<Response> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
  for (const line of response.headers.getSetCookie()) {
    const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s);
    cookies.set(name, value);
  }
  return response;
}
