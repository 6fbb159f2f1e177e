/** The requests that measure the contenders. */
import type { LoadJob } from '../load/load.ts';
import { badBearer, get, goodBearer, manyBearers, mixed, mixOf, relayed, withBearer } from '../load/requests.ts';
import { expiredToken, goodToken } from './token-issuer.ts';

export interface Case extends Pick<LoadJob, 'request' | 'numbers' | 'routes' | 'cycle' | 'reconnects'> {
  readonly name: string;
  readonly what: string;
  /** The same request without an accepted credential, and the status that it must get; null: it needs no credential. */
  readonly refused: { readonly request: string; readonly status: number } | null;
}

const bearer = withBearer(goodBearer);
const keyPair = `api-key: ${'k'.repeat(32)}\r\napi-secret: ${'s'.repeat(64)}\r\n`;
const badPair = `api-key: ${'k'.repeat(32)}\r\napi-secret: ${'x'.repeat(64)}\r\n`;

/** `name`: of the contender. */
export const open = (name: string): Case => ({
  name,
  what: 'bare',
  request: get('/public/items/7'),
  refused: null,
});

function guarded(name: string, what: string, path: string, good = bearer, bad = withBearer(badBearer)): Case {
  return { name, what, request: get(path, good), refused: { request: get(path, bad), status: 401 } };
}

const unknownUser = guarded('', '', '/private/items/7').refused;

/** The workload that counts. */
export const mixedOf = (name: string): Case => ({
  ...mixed,
  name: `${name} mixed`,
  what: '200 identities, 60 paths, 10 % POST, 5 % refusals',
  refused: unknownUser,
});

/** It verifies the token of every request, so one token is as good as many. It has no rules for roles. */
export const mixedOfTokens = (name: string): Case => ({
  ...mixOf({
    user: withBearer(goodToken),
    admin: withBearer(goodToken),
    unknown: withBearer(expiredToken),
    userAtAdmin: null,
  }),
  name: `${name} mixed`,
  what: 'the same with JWTs, without roles',
  refused: { request: get('/private/items/7', withBearer(expiredToken)), status: 401 },
});

export const repeatedOf = (name: string): Case => guarded(`${name} repeated`, 'one GET, repeated', '/private/items/7');

export const relayedBy = (name: string): readonly Case[] => [
  { ...relayed, name: `${name} mixed`, what: 'the same without refusals', refused: null },
  { ...repeatedOf(name), refused: null },
];

/** What only a Rolegate is measured with. */
export const own = {
  public: { ...open('rolegate public'), what: 'public route' },
  split: guarded('rolegate two segments', 'repeated, the head of the response in two segments', '/private/split/7'),
  keyPair: guarded('rolegate key pair', 'key pair in memory, role', '/private/items/7', keyPair, badPair),
  conditions: guarded('rolegate conditions', 'bearer in memory, role, conditions', '/acme/items/7'),
  redis: {
    ...guarded('rolegate redis', 'verdict from Redis each time', '/private/items/7', withBearer(manyBearers)),
    numbers: 2_000,
  },
  signed: guarded('rolegate signed', 'repeated, with a signed identity', '/private/items/7'),
  cold: guarded('rolegate cold', 'a new bearer each time', '/private/items/7', withBearer(manyBearers)),
} as const satisfies Record<string, Case>;

const ofTraefik =
  'X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /private/items/7\r\nX-Forwarded-Host: api.example.test\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\n';

/** A check without the proxy that makes it. */
export const check = {
  kept: guarded(
    'check',
    'of Traefik, on kept connections',
    '/traefik',
    bearer + ofTraefik,
    withBearer(badBearer) + ofTraefik,
  ),
  reconnecting: {
    ...guarded(
      'check, reconnecting',
      'of Traefik, a connection each',
      '/traefik',
      bearer + ofTraefik,
      withBearer(badBearer) + ofTraefik,
    ),
    reconnects: true,
  },
} as const satisfies Record<string, Case>;
