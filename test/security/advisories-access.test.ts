/**
 * Bypasses of rules from advisories of 2025 and 2026: rules matched against something other than the path, unreadable
 * cookies, headers with several values, verdicts of another host. Also header names that are names of object
 * properties.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';
import type { FooledUpstream } from './support/fooled-upstream.ts';
import { forged, guardedHost, known } from './support/sloppy-service.ts';

const valuesOf = (upstream: FooledUpstream, name: string) =>
  upstream.seen('length-first').flatMap(({ headers }) => headers.filter(([own]) => own.toLowerCase() === name));

/**
 * oauth2-proxy matched exemptions from sign-in against the whole target, including the query. Source: CVE-2025-54576
 * (GHSA-7rh7-c77v-6434).
 */
const publicSomewhere = { allows: ({ target }: { target: string }) => /\/public\//.test(target) };
const inQuery = ['?/public/x', '?x=/public/y', '?/public/', '?a=b&next=/public/x', '?x=/../public/x', '??/public/x'];

/**
 * Paths mistaken for addresses. OPA's plug-in for Envoy parsed `//admin` as a host (CVE-2026-26205); gRPC for Go
 * matched no rule for a path without its first slash (CVE-2026-33186).
 */
const noPath: readonly (readonly [target: string, status: 400 | 401])[] = [
  ['//admin/x', 401],
  ['///admin/x', 401],
  ['//admin//x', 401],
  ['//a.test/../admin/x', 401],
  ['admin/x', 400],
  ['*/../admin/x', 400],
];

attackSuite(
  'rules',
  [
    ...inQuery.map((query) => ({
      name: `a public path in the query, ${query}: CVE-2025-54576`,
      bytes: request(`GET /admin/x${query}`),
      ...{ status: 401, reaches: null, harm: 'protected path' as const, naivety: publicSomewhere },
    })),
    ...noPath.map(([target, status]) => ({
      name: `${target} cannot leave its rule: ${status === 401 ? 'CVE-2026-26205' : 'CVE-2026-33186'}`,
      bytes: request(`GET ${target}`),
      ...{ status, reaches: null, harm: 'protected path' as const },
    })),
    // Without the host in its key, a cache served one site's responses for another's. Source: CVE-2026-2836 (Pingora).
    ...(
      [
        ['the host in capitals', [`Host: ${guardedHost.toUpperCase()}`]],
        ['the host with a trailing dot', [`Host: ${guardedHost}.`]],
        ['the host with a port', [`Host: ${guardedHost}:80`]],
      ] as const
    ).map(([name, host]): Attack => {
      const first = request('GET /private/x', [bearer]);
      const second = ['GET /private/x HTTP/1.1', ...host, bearer, '', ''].join('\r\n');
      return {
        name: `a verdict for one host does not apply to another, ${name}: CVE-2026-2836`,
        bytes: [first, second],
        ...{ status: 200, afterwards: [403], reaches: '/private/x', harm: 'protected host' },
      };
    }),
    // Node threw when `headersDistinct` contained such a name. Source: CVE-2026-21710.
    ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'].map(
      (name): Attack => ({
        name: `a header named ${name} is an ordinary header: CVE-2026-21710`,
        bytes: request('GET /private/x', [
          `${name}: x`,
          `${name}: y`,
          `Connection: ${name}-x`,
          `Cookie: ${name}=1`,
          bearer,
        ]),
        ...{ status: 200, reaches: '/private/x' },
        check: ({ upstream }) => expect(valuesOf(upstream, 'user-id')).toEqual([['user-id', known.user.id]]),
      }),
    ),
    ...['__proto__', 'constructor'].map(
      (name): Attack => ({
        name: `a trailer, a query and a path named ${name}`,
        bytes: request(
          `POST /private/${name}?${name}=1&${name}[x]=2`,
          ['Transfer-Encoding: chunked', `Trailer: ${name}`],
          `0\r\n${name}: x\r\n\r\n`,
        ),
        ...{ status: 401, reaches: null },
      }),
    ),
    // Traefik derived the port from the scheme that the client claimed (CVE-2026-54764); Fastify trusted it from any
    // peer (CVE-2026-3635, GHSA-444r-cwp2-x5xf).
    {
      name: 'a scheme and port claimed by the client: CVE-2026-54764, CVE-2026-3635',
      bytes: request('GET /private/x', [
        'X-Forwarded-Proto: https',
        'X-Forwarded-Port: 443',
        `X-Forwarded-Host: ${forged.host}`,
        'X_Forwarded_Port: 443',
        bearer,
      ]),
      ...{ status: 200, reaches: '/private/x', harm: 'forged host' },
      check: ({ upstream }) => {
        const protos = new Set(valuesOf(upstream, 'x-forwarded-proto').map(([, value]) => value));
        expect([...protos]).toEqual(['http']);
        expect(upstream.received().join('')).not.toMatch(/^x.forwarded.port:/im);
      },
    },
  ],
  {
    routes: `  - { id: secret, match: { host: ${guardedHost}, path: "/**" }, upstream: service, access: [admin] }\n`,
  },
);

/**
 * On an unreadable cookie, authentik's check ended without a verdict, and the request was forwarded without an
 * identity. Source: CVE-2026-25748 (GHSA-fj56-5763-j8pp; projectdiscovery/nuclei-templates pull request 15495).
 */
const broken = ['', '"', '%', '%zz', 'a b', '\x80\xff', '{}', '[object Object]', 'null', '=', 'x'.repeat(5000), '\t'];
/** Allows every caller with a cookie, and adds an identity to those it knows. */
const anyCookie = { allows: () => true };

attackSuite(
  'cookies',
  [
    ...broken.map((value, index) => ({
      name: `an unreadable session, ${index}: ${JSON.stringify(value.slice(0, 20))}: CVE-2026-25748`,
      bytes: request('GET /private/x', [`Cookie: session=${value}`]),
      ...{ status: [400, 401] as const, reaches: null, harm: 'lost identity' as const, naivety: anyCookie },
    })),
    ...broken.map((value, index) => ({
      name: `an unreadable session next to a client's own identity header, ${index}`,
      bytes: request('GET /private/x', [`Cookie: session=${value}`, 'user_id: root', 'Groups: root']),
      ...{ status: [400, 401] as const, reaches: null, harm: 'forged identity' as const, naivety: anyCookie },
    })),
    {
      name: 'an unreadable session makes the caller anonymous where anonymous callers are allowed',
      bytes: request('GET /either/x', ['Cookie: session=%', 'User-Id: root', 'user_id: root']),
      ...{ status: [200, 401], harm: 'forged identity', naivety: anyCookie },
      check: ({ upstream }) => expect(valuesOf(upstream, 'user-id')).toEqual([]),
    },
    {
      name: 'two sessions, one of them readable',
      bytes: request('GET /private/x', [`Cookie: session=%; session=${known.user.token}`]),
      ...{ status: 400, reaches: null },
    },
    {
      name: 'a readable session',
      bytes: request('GET /private/x', [`Cookie: session=${known.user.token}`]),
      ...{ status: 200, reaches: '/private/x' },
      check: ({ upstream }) => expect(valuesOf(upstream, 'user-id')).toEqual([['user-id', known.user.id]]),
    },
  ],
  {
    more: 'credentials: { bearerCookie: session }',
    routes: '  - { id: either, match: { path: "/either/**" }, upstream: service, access: optional }\n',
  },
);

/**
 * Envoy compared each header value separately, or only the first: a list could bypass a rule that refuses or requires a
 * value. Source: CVE-2026-26308, CVE-2026-31838 (Envoy and Istio).
 */
const lists: readonly (readonly [name: string, headers: readonly string[]])[] = [
  ['a list', ['X-Tier: public, root']],
  ['a list without spaces', ['X-Tier: public,root']],
  ['two headers', ['X-Tier: public', 'X-Tier: root']],
  ['two headers in two cases', ['X-Tier: public', 'x-TIER: root']],
  ['two headers, one in another spelling', ['X-Tier: public', 'X_Tier: root']],
  ['only another spelling', ['X_Tier: public']],
  ['a trailing empty element', ['X-Tier: public,']],
  ['a header that the service does not receive', ['Connection: X-Tier', 'X-Tier: public']],
];

attackSuite(
  'headers of conditions',
  [
    ...lists.map(([name, headers]) => ({
      name: `${name}: CVE-2026-26308`,
      bytes: request('GET /tier/x', [...headers, 'User_Id: root']),
      ...{ status: [400, 403] as const, reaches: null, harm: 'forged identity' as const },
    })),
    {
      name: 'one value',
      bytes: request('GET /tier/x', ['X-Tier: public']),
      ...{ status: 200, reaches: '/tier/x' },
    },
  ],
  {
    more: 'conditions: { headers: { x-tier: any } }',
    routes:
      '  - { id: tier, match: { path: "/tier/**" }, upstream: service, access: public, when: [{ header: x-tier, equals: public, reason: wrong_tier }] }\n',
  },
);
