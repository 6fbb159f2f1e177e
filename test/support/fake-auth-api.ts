/**
 * A double of an Auth API, for the two calls that the gateway makes: `GET /session` and `GET /keypair`. It accepts the
 * credentials given to it, counts calls, and can fail in every way that an Auth API does.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The contents of a response; fields that a test omits are filled in. */
export interface FakeIdentity {
  readonly userId?: string;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  /** Unix seconds; default: an hour from now. */
  readonly expireAt?: number;
  /** Unix seconds; if unset: not sent. */
  readonly authenticatedAt?: number;
  readonly sessionId?: string;
  readonly keyId?: string;
  readonly alias?: string;
  readonly fullName?: string;
  readonly verified?: boolean;
}

export type AuthApiMood =
  | { readonly kind: 'fine' }
  /** Its port is closed; open connections are closed. */
  | { readonly kind: 'down' }
  /** Responses wait until the mood changes; then they are sent. */
  | { readonly kind: 'slow' }
  /** Any status with any body and headers: garbage, 500, a redirect, HTML, too much. */
  | {
      readonly kind: 'answers';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string | string[]>>;
    };

/** Moods that most suites use, by name. */
export const brokenMoods: Readonly<Record<'garbage' | 'html' | 'error' | 'redirect' | 'empty' | 'huge', AuthApiMood>> =
  {
    garbage: { kind: 'answers', status: 200, body: '{"sessionID":' },
    html: { kind: 'answers', status: 200, body: '<html>fine</html>', headers: { 'content-type': 'text/html' } },
    error: { kind: 'answers', status: 500, body: '{"error":"internal"}' },
    redirect: { kind: 'answers', status: 302, headers: { location: '/elsewhere' } },
    empty: { kind: 'answers', status: 200, body: '' },
    huge: { kind: 'answers', status: 200, body: JSON.stringify({ filler: 'x'.repeat(1024 * 1024) }) },
  };

export interface FakeAuthApi {
  /** Base URL, such as `http://127.0.0.1:1234/api/auth/v2`. */
  readonly url: string;
  readonly port: number;
  /** Calls received, by kind; a call counts when its headers have arrived. */
  readonly calls: { session: number; keypair: number; other: number };
  /** Raw headers of each call, newest last. */
  readonly received: readonly (readonly string[])[];
  addSession(bearer: string, identity?: FakeIdentity): void;
  addKeyPair(apiKey: string, apiSecret: string, identity?: FakeIdentity): void;
  /** A key without a secret. */
  addApiKey(apiKey: string, identity?: FakeIdentity): void;
  /** Removes a bearer, or a key pair by its key. */
  remove(bearerOrApiKey: string): void;
  /** Calls waiting for a response. */
  waiting(): number;
  behave(mood: AuthApiMood): Promise<void>;
  close(): Promise<void>;
}

export const fakeUserId = '66666666-7777-4888-9999-aaaaaaaaaaaa';
export const fakeSessionId = '11111111-2222-4333-8444-555555555555';
const basePath = '/api/auth/v2';

export async function startFakeAuthApi(): Promise<FakeAuthApi> {
  const sessions = new Map<string, FakeIdentity>();
  const keyPairs = new Map<string, { readonly secret: string | undefined; readonly identity: FakeIdentity }>();
  const calls = { session: 0, keypair: 0, other: 0 };
  const received: (readonly string[])[] = [];
  const waiting = new Set<() => void>();
  let mood: AuthApiMood = { kind: 'fine' };

  const server = createServer((request, response) => {
    const kind = kindOf(request);
    calls[kind] += 1;
    received.push(request.rawHeaders);
    const answer = () => {
      waiting.delete(answer);
      if (mood.kind === 'answers') {
        response.writeHead(mood.status, { 'content-type': 'application/json', ...mood.headers }).end(mood.body ?? '');
      } else if (kind === 'session') answerSession(request, response, sessions);
      else if (kind === 'keypair') answerKeyPair(request, response, keyPairs);
      else refuse(response, 404, 'no such resource');
    };
    waiting.add(answer);
    response.on('close', () => waiting.delete(answer));
    if (mood.kind !== 'slow') answer();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const stopListening = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };

  return {
    url: `http://127.0.0.1:${port}${basePath}`,
    port,
    calls,
    received,
    addSession: (bearer, identity = {}) => {
      sessions.set(bearer, identity);
    },
    addKeyPair: (apiKey, apiSecret, identity = {}) => {
      keyPairs.set(apiKey, { secret: apiSecret, identity });
    },
    addApiKey: (apiKey, identity = {}) => {
      keyPairs.set(apiKey, { secret: undefined, identity });
    },
    remove: (name) => {
      sessions.delete(name);
      keyPairs.delete(name);
    },
    waiting: () => waiting.size,
    async behave(next) {
      mood = next;
      if (next.kind === 'down') {
        await stopListening();
        return;
      }
      if (!server.listening) {
        server.listen(port, '127.0.0.1');
        await once(server, 'listening');
      }
      if (next.kind !== 'slow') for (const answer of [...waiting]) answer();
    },
    close: stopListening,
  };
}

function kindOf(request: IncomingMessage): 'session' | 'keypair' | 'other' {
  if (request.method !== 'GET') return 'other';
  if (request.url === `${basePath}/session`) return 'session';
  return request.url === `${basePath}/keypair` ? 'keypair' : 'other';
}

function answerSession(request: IncomingMessage, response: ServerResponse, sessions: Map<string, FakeIdentity>): void {
  const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const identity = bearer === undefined ? undefined : sessions.get(bearer);
  if (identity === undefined) {
    refuse(response, 401, 'credentials are not valid');
    return;
  }
  say(response, 200, {
    sessionID: identity.sessionId ?? fakeSessionId,
    userID: identity.userId ?? fakeUserId,
    alias: identity.alias ?? 'ana',
    fullName: identity.fullName ?? 'Ana Example',
    expireAt: identity.expireAt ?? inAnHour(),
    ip: '203.0.113.7',
    userAgent: 'client/1.0',
    verified: identity.verified ?? true,
    roles: identity.roles ?? ['user'],
    groups: identity.groups ?? ['public'],
    ...(identity.authenticatedAt === undefined ? {} : { authenticatedAt: identity.authenticatedAt }),
  });
}

function answerKeyPair(
  request: IncomingMessage,
  response: ServerResponse,
  keyPairs: Map<string, { readonly secret: string | undefined; readonly identity: FakeIdentity }>,
): void {
  const apiKey = String(request.headers['api-key'] ?? '');
  const known = keyPairs.get(apiKey);
  if (known === undefined || known.secret !== request.headers['api-secret']) {
    refuse(response, 401, 'credentials are not valid');
    return;
  }
  const { identity } = known;
  say(response, 200, {
    apiKey,
    keyID: identity.keyId ?? fakeSessionId,
    keyName: 'Example',
    expireAt: identity.expireAt ?? inAnHour(),
    verified: identity.verified ?? true,
    userID: identity.userId ?? fakeUserId,
    userName: identity.fullName ?? 'Ana Example',
    userAlias: identity.alias ?? 'ana',
    roles: identity.roles ?? ['user'],
    groups: identity.groups ?? ['public'],
  });
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.setHeader('x-error', text);
  response.setHeader('x-error-id', '00000000-0000-4000-8000-000000000000');
  say(response, status, { error: text });
}

function say(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function inAnHour(): number {
  return Math.floor(Date.now() / 1000) + 3600;
}
