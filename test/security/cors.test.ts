/**
 * CORS (the Fetch standard; CVE-2018-20744): only a real preflight gets a response before authentication, never from
 * the service, and only for exact origins. No page of another site can use a visitor's access.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawAnswer, sendRaw } from '../support/raw-client.ts';
import { type Attack, attackSuite, bearer, request, startWorld, type World } from './support/attack-suite.ts';

const app = 'https://app.example.test';
const routes = `
  - id: shared
    match: { path: "/shared/**" }
    upstream: service
    access: { GET: [user], DELETE: [admin] }
    cors: { origins: ["${app}"] }
  - id: below
    match: { path: "/below/**" }
    upstream: service
    access: [user]
    cors: { origins: ["https://*.example.test"] }
  - id: personal
    match: { path: "/personal/**" }
    upstream: service
    access: [user]
    cors: { origins: ["${app}"], credentials: true, methods: [GET], headers: [authorization] }
`;

const preflight = (path: string, origin = app, more: readonly string[] = ['Access-Control-Request-Method: GET']) =>
  request(`OPTIONS ${path}`, [`Origin: ${origin}`, ...more]);

/** None of these is a preflight for the route: OPTIONS is an ordinary method. */
const noPreflight: readonly (readonly [name: string, bytes: string])[] = [
  ['no Origin', request('OPTIONS /below/x', ['Access-Control-Request-Method: GET'])],
  ['no Access-Control-Request-Method', request('OPTIONS /below/x', [`Origin: ${app}`])],
  ['a route without CORS', preflight('/private/x')],
  ['an underscore in its name', request('OPTIONS /below/x', [`Origin: ${app}`, 'Access_Control_Request_Method: GET'])],
  ['another method than OPTIONS', request('GET /below/x', [`Origin: ${app}`, 'Access-Control-Request-Method: GET'])],
  [
    'a method override',
    request('POST /below/x', [
      `Origin: ${app}`,
      'Access-Control-Request-Method: GET',
      'X-HTTP-Method-Override: OPTIONS',
      'Content-Length: 0',
    ]),
  ],
];

attackSuite(
  'requests that are not preflights',
  [
    ...noPreflight.map(([name, bytes]): Attack => ({ name, bytes, status: [400, 401, 405], reaches: null })),
    { name: 'a preflight of the guarded path', bytes: preflight('/admin/x'), status: 401, reaches: null },
    { name: 'a preflight through a dot segment', bytes: preflight('/shared/../admin/x'), status: 401, reaches: null },
    {
      name: 'a preflight through an escaped dot segment',
      bytes: preflight('/shared/%2e%2e/admin/x'),
      status: 400,
      reaches: null,
    },
    {
      name: 'a preflight with two hosts',
      bytes: request('OPTIONS /shared/x', ['Host: b.test', `Origin: ${app}`, 'Access-Control-Request-Method: GET']),
      status: 400,
      reaches: null,
    },
    {
      name: 'a body after a preflight is not a request',
      bytes: request(
        'OPTIONS /shared/x',
        [`Origin: ${app}`, 'Access-Control-Request-Method: GET', 'Content-Length: 35'],
        'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
      ),
      ...{ status: [200, 204, 400], reaches: null },
    },
  ],
  { routes },
);

describe('preflights and responses', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ routes });
  });
  afterAll(() => world.close());
  const ask = async (bytes: string): Promise<RawAnswer> => {
    world.upstream.clear();
    return sendRaw(world.gateway.port, Buffer.from(bytes, 'latin1'));
  };
  const allowed = (answer: RawAnswer) => answer.headers('access-control-allow-origin');

  test('a preflight gets a response without a credential, and not from the service', async () => {
    const answer = await ask(preflight('/shared/x'));
    // Every other status of the gateway is a refusal.
    expect([answer.status, answer.header('x-error')]).toEqual([200, undefined]);
    expect(allowed(answer)).toEqual([app]);
    expect(answer.header('access-control-allow-methods')).toMatch(/\bGET\b/);
    expect(answer.header('access-control-allow-credentials')).toBeUndefined();
    expect(answer.header('vary')?.toLowerCase()).toContain('origin');
    expect(world.upstream.received()).toEqual([]);
  });

  test('a preflight does not open the request that follows', async () => {
    await ask(preflight('/shared/x'));
    const answer = await ask(request('GET /shared/x', [`Origin: ${app}`]));
    expect(answer.status).toBe(401);
    expect(world.upstream.received()).toEqual([]);
  });

  const foreign: readonly (readonly [name: string, origin: string])[] = [
    ['another site', 'https://evil.test'],
    ['null: sandboxed frames', 'null'],
    ['the allowed name as a prefix: CVE-2018-20744', 'https://app.example.test.evil.test'],
    ['the allowed name as a suffix', 'https://evilapp.example.test'],
    ['the allowed name as user information', 'https://app.example.test@evil.test'],
    ['another scheme', 'http://app.example.test'],
    ['another port', 'https://app.example.test:8443'],
    ['a path', 'https://app.example.test/evil'],
    ['a trailing dot', 'https://app.example.test.'],
    ['an underscore', 'https://app.example_test'],
    ['a list', `${app}, https://evil.test`],
    ['two origins with a space', `${app} https://evil.test`],
    ['a wildcard', '*'],
    ['empty', ''],
    ['a percent', 'https://app%2eexample.test'],
    ['a NUL', `${app}\x00.evil.test`],
    ['a no-break space', `${app}\xa0`],
    ['a quotation mark', `"${app}"`],
    ['very long', `https://${'a.'.repeat(1000)}test`],
  ];
  test.each(foreign)('a page from %s gets no permission', async (_, origin) => {
    for (const path of ['/shared/x', '/personal/x']) {
      for (const bytes of [preflight(path, origin), request(`GET ${path}`, [`Origin: ${origin}`, bearer])]) {
        const answer = await ask(bytes);
        expect(allowed(answer)).toEqual([]);
        expect(answer.header('access-control-allow-credentials')).toBeUndefined();
        expect(answer.rawHeaders.join('\n')).not.toContain('evil.test');
      }
    }
  });

  test('control: a route for every origin gives each of them permission', async () => {
    const open = await startWorld({
      routes: '  - { id: o, match: { path: "/o/**" }, upstream: service, access: [user], cors: { origins: ["*"] } }\n',
    });
    try {
      for (const origin of ['https://evil.test', 'https://app.example.test.evil.test', 'null']) {
        const [asked, read] = await Promise.all(
          [preflight('/o/x', origin), request('GET /o/x', [`Origin: ${origin}`, bearer])].map((bytes) =>
            sendRaw(open.gateway.port, Buffer.from(bytes, 'latin1')),
          ),
        );
        expect([allowed(asked!), allowed(read!), read!.status]).toEqual([['*'], ['*'], 200]);
      }
    } finally {
      await open.close();
    }
  });

  test.each([
    ['the name itself', 'https://example.test'],
    ['the name as a suffix without a dot', 'https://evilexample.test'],
    ['the name as a subdomain of another site', 'https://a.example.test.evil.test'],
    ['another scheme', 'http://a.example.test'],
    ['an empty label', 'https://.example.test'],
    ['a slash', 'https://evil.test/.example.test'],
    ['a query', 'https://evil.test?.example.test'],
    ['a fragment', 'https://evil.test#.example.test'],
    ['a backslash', 'https://evil.test\\.example.test'],
    ['a user', 'https://evil.test:x@a.example.test'],
    ['a port', 'https://a.example.test:8443'],
  ])('a wildcard covers only names below it: %s', async (_, origin) => {
    expect(allowed(await ask(preflight('/below/x', origin)))).toEqual([]);
  });

  test('a wildcard covers a name below it', async () => {
    const answer = await ask(preflight('/below/x', 'https://a.example.test'));
    expect(allowed(answer)).toEqual(['https://a.example.test']);
    expect(answer.header('vary')?.toLowerCase()).toContain('origin');
  });

  test.each([
    ['a method that is not allowed', ['Access-Control-Request-Method: DELETE']],
    ['a method in lower case', ['Access-Control-Request-Method: get']],
    ['a malformed method', ['Access-Control-Request-Method: <script>']],
    ['two methods', ['Access-Control-Request-Method: GET, DELETE']],
    ['the method twice', ['Access-Control-Request-Method: GET', 'Access-Control-Request-Method: DELETE']],
    ['a header that is not allowed', ['Access-Control-Request-Method: GET', 'Access-Control-Request-Headers: user-id']],
    ['a malformed header name', ['Access-Control-Request-Method: GET', 'Access-Control-Request-Headers: a b<script>']],
  ])('repeats nothing that is not on the list: %s', async (_, more) => {
    const answer = await ask(preflight('/personal/x', app, more));
    expect(answer.header('access-control-allow-methods') ?? '').not.toMatch(/DELETE|get|script/);
    expect(answer.header('access-control-allow-headers') ?? '').not.toMatch(/user-id|script/i);
    expect(world.upstream.received()).toEqual([]);
  });

  test.each([
    ['served', [bearer], 200],
    ['refused without a credential', [], 401],
    ['refused without a role', [`Authorization: Bearer x`], 401],
  ])('what a page from an allowed origin sees of a response: %s', async (_, headers, status) => {
    const answer = await ask(request('GET /shared/x', [`Origin: ${app}`, ...headers]));
    expect(answer.status).toBe(status);
    expect(allowed(answer)).toEqual([app]);
    expect(answer.header('access-control-expose-headers')?.toLowerCase()).toMatch(/x-error\b.*x-error-id/);
    expect(answer.header('vary')?.toLowerCase()).toContain('origin');
  });

  test('credentials are allowed only where the route sets it, and never with a wildcard', async () => {
    const answer = await ask(preflight('/personal/x'));
    expect([allowed(answer), answer.header('access-control-allow-credentials')]).toEqual([[app], 'true']);
    const routeOf = (cors: string) =>
      startWorld({
        routes: `  - { id: c, match: { path: "/c/**" }, upstream: service, access: [user], cors: ${cors} }\n`,
      });
    await expect(routeOf('{ origins: ["*"], credentials: true }')).rejects.toThrow();
    await expect(routeOf('{ origins: ["https://*.example.test"], credentials: true }')).rejects.toThrow();
    await expect(routeOf('{ origins: ["null"] }')).rejects.toThrow();
    await expect(routeOf('{ origins: ["https://app.example.test/"] }')).rejects.toThrow();
  });
});
