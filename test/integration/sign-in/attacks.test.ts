/** Attacks on signing in through the whole gateway, at an https origin behind a proxy. Each has a control: what a naive implementation would do. */
import { describe, expect, test } from 'vitest';
import type { CookieBrowser } from '../../support/cookie-browser.ts';
import { hostileReturnAddresses } from '../../support/hostile-return-addresses.ts';
import { sendRaw } from '../../support/raw-client.ts';
import { handshakeTo } from '../../support/websocket-handshake.ts';
import { get, httpsWorlds, origin } from './https-world.ts';

const world = httpsWorlds();
const sibling = 'https://blog.example.com';

const cookiesOf = (browser: CookieBrowser) => browser.cookies.get('app.example.com')!;
const sessionOf = (browser: CookieBrowser) => cookiesOf(browser).get('__Host-rolegate');
const isCallback = (url: string) => url.startsWith(`${origin}/.rolegate/callback/`);
const leavesTheOrigin = (url: string) => !url.startsWith(`${origin}/`);

describe('return addresses', () => {
  test(`${hostileReturnAddresses.length} hostile ones lead to no other origin`, async () => {
    const { browser } = await world();
    const person = browser();
    await person.visit(`${origin}/`);
    const away: string[] = [];
    for (const address of hostileReturnAddresses) {
      const query = new URLSearchParams(address === null ? {} : { return_to: address });
      const toProvider = await person.open(`${origin}/.rolegate/sign-in/corp?go=1&${query}`);
      const state = new URL(toProvider.headers.get('location')!).searchParams.get('state')!;
      // A provider's callback of this very browser, whose code is worth nothing: the person has a session and goes on.
      const back = await person.open(`${origin}/.rolegate/callback/corp?${new URLSearchParams({ code: 'x', state })}`);
      const location = back.headers.get('location')!;
      const there = new URL(location, origin);
      if (there.origin !== origin || /^[/\\]{2}/.test(location)) away.push(`${address} -> ${location}`);
    }
    expect(away).toEqual([]);
  }, 60_000);

  test('control: a redirect to the address as it came leads elsewhere', () => {
    const away = hostileReturnAddresses.filter((address) => {
      return address !== null && URL.canParse(address, origin) && new URL(address, origin).origin !== origin;
    });
    expect(away.length).toBeGreaterThan(100);
  });
});

describe('two providers', () => {
  test('a callback of one does not count at the other, which does not get its code', async () => {
    const { browser, providers } = await world();
    const person = browser();
    const { url } = await person.visit(`${origin}/.rolegate/sign-in/corp?go=1&return_to=/mine`, {}, isCallback);
    const mixed = url.replace('/callback/corp', '/callback/other');
    const seen = await person.open(mixed);
    // It begins again at the provider of the address; no code was exchanged there.
    expect(seen.headers.get('location')).toBe('/.rolegate/sign-in/other?go=1&again=1&return_to=%2Fmine');
    expect(sessionOf(person)).toBeUndefined();
    // Control: at its own provider it counts.
    await person.visit(url);
    expect(sessionOf(person)).toMatch(/^[\w-]{43}$/);
    expect(providers).toHaveLength(2);
  });

  test('people of both with one id have sessions of their own', async () => {
    const { browser, service } = await world();
    const [one, two] = [browser(), browser()];
    await one.visit(`${origin}/.rolegate/sign-in/corp?go=1&return_to=/a`);
    await two.visit(`${origin}/.rolegate/sign-in/other?go=1&return_to=/b`);
    expect(service.requests.map(({ target }) => target)).toEqual(['/a', '/b']);
    expect(sessionOf(one)).not.toBe(sessionOf(two));
    const list = await one.visit(`${origin}/.rolegate/sessions`);
    expect(list.text.match(/this one/g)).toHaveLength(1);
    expect(list.text.match(/<tr>\n<td>/g)).toHaveLength(1);
  });
});

describe('callbacks', () => {
  const callbackOf = async (person: CookieBrowser, target: string) =>
    (await person.visit(`${origin}/.rolegate/sign-in/corp?go=1&return_to=${target}`, {}, isCallback)).url;

  /** As a victim's browser that an attacker's page sends there. Returns who it is at the service afterwards; null: nobody. */
  async function follow(victim: CookieBrowser, url: string): Promise<string | null> {
    await victim.visit(url, {}, leavesTheOrigin);
    return sessionOf(victim) ?? null;
  }

  test("one with the attacker's code signs no victim in (login CSRF), and the code stays good for its own browser", async () => {
    const { browser } = await world();
    const attacker = browser();
    const url = await callbackOf(attacker, '/attack');
    const fresh = browser();
    expect(await follow(fresh, url)).toBeNull();
    const waiting = browser();
    await callbackOf(waiting, '/own');
    expect(await follow(waiting, url)).toBeNull();
    const known = browser();
    await known.visit(`${origin}/own`);
    const before = sessionOf(known);
    expect(await follow(known, url)).toBe(before);
    // Control: nothing was wrong with it.
    expect(await follow(attacker, url)).toMatch(/^[\w-]{43}$/);
  });

  test('one whose code or state is of another sign-in of the same browser opens no session', async () => {
    const { browser } = await world();
    const person = browser();
    const [one, two] = [new URL(await callbackOf(person, '/one')), new URL(await callbackOf(person, '/two'))];
    const crossed = new URL(one);
    crossed.searchParams.set('code', two.searchParams.get('code')!);
    expect(await follow(person, crossed.href)).toBeNull();
    // Control: as they were.
    expect(await follow(person, two.href)).toMatch(/^[\w-]{43}$/);
  });

  test('one with a state that was changed anywhere is nobody’s', async () => {
    const { browser } = await world();
    const person = browser();
    const url = new URL(await callbackOf(person, '/mine'));
    const state = url.searchParams.get('state')!;
    const places = [0, 1, 11, 12, 40, state.length - 24, state.length - 2];
    const changed = [
      ...places.map((i) => state.slice(0, i) + (state[i] === 'A' ? 'B' : 'A') + state.slice(i + 1)),
      ...['', 'x', state.slice(1), state.slice(0, -4), `${state}AAAA`, state + state, 'A'.repeat(20_000)],
    ];
    for (const text of changed) {
      const forged = new URL(url);
      forged.searchParams.set('state', text);
      const response = await person.open(forged.href);
      expect(response.status, text.slice(0, 80)).toBeLessThan(500);
      expect(sessionOf(person), text.slice(0, 80)).toBeUndefined();
    }
    expect(await follow(person, url.href)).toMatch(/^[\w-]{43}$/);
  });

  test('one that is replayed opens no second session, and one without its issuer none at all', async () => {
    const { browser } = await world();
    const person = browser();
    const url = new URL(await callbackOf(person, '/mine'));
    expect(url.searchParams.get('iss')).not.toBeNull();
    for (const change of [
      (query: URLSearchParams) => query.delete('iss'),
      (query: URLSearchParams) => query.append('iss', 'https://evil.example'),
    ]) {
      const own = new URL(await callbackOf(person, '/mine'));
      change(own.searchParams);
      const response = await person.open(own.href);
      expect([response.status, sessionOf(person)]).toEqual([403, undefined]);
    }
    expect(await follow(person, url.href)).toMatch(/^[\w-]{43}$/);
    const thief = browser();
    for (const [name, value] of cookiesOf(person)) {
      if (name.endsWith('-browser')) thief.cookies.set('app.example.com', new Map([[name, value]]));
    }
    // Even with the cookie of the browser: it was used.
    expect(await follow(thief, url.href)).toBeNull();
  });
});

describe('cookies that a sibling domain planted', () => {
  test('a session id before signing in is worth nothing afterwards (fixation)', async () => {
    const { port, browser } = await world();
    const victim = browser();
    await victim.visit(`${origin}/x`, {}, leavesTheOrigin);
    const planted = 'A'.repeat(43);
    cookiesOf(victim).set('__Host-rolegate', planted);
    await victim.visit(`${origin}/x`);
    expect(sessionOf(victim)).not.toBe(planted);
    expect((await get(port, '/x', `Cookie: __Host-rolegate=${planted}`)).status).toBe(401);
    // Control: the id that the victim got is a session.
    expect((await get(port, '/x', `Cookie: __Host-rolegate=${sessionOf(victim)}`)).status).toBe(200);
  });

  test("an attacker's session under a look-alike name is none", async () => {
    const { port, browser } = await world();
    const attacker = browser();
    await attacker.visit(`${origin}/`);
    const id = sessionOf(attacker)!;
    const blanks = ['\u2000', '\u00a0', '\ufeff', '\u3000', '\u2028', '\t', ' ', '\u000b'];
    const names = [
      ...blanks.map((blank) => `${blank}__Host-rolegate`),
      '__host-rolegate',
      '__Host-Rolegate',
      'rolegate',
    ];
    const naive: string[] = [];
    for (const name of names) {
      const bytes = Buffer.from(`${name}=${id}`, 'utf8').toString('latin1');
      // Chromium writes the pair as it was planted, after another cookie.
      const cookie = `a=b; ${bytes}`;
      const status = (await get(port, '/', `Cookie: ${cookie}`)).status;
      expect([400, 401], JSON.stringify(name)).toContain(status);
      const text = Buffer.from(cookie, 'latin1').toString('utf8');
      if (text.split(';').some((pair) => pair.trim().startsWith('__Host-rolegate='))) naive.push(name);
    }
    // Control: a parser that trims blanks of Unicode believes most of them.
    expect(naive.length).toBeGreaterThan(5);
    expect((await get(port, '/', `Cookie: a=b; __Host-rolegate=${id}`)).status).toBe(200);
  });

  test('junk and repeated ones end in a refusal for scripts, and never in a circle for people', async () => {
    const { port, browser } = await world();
    const junk = ['', 'x', '"', '%00', 'a'.repeat(3_000), '{"a":1}', '../../', 'a'.repeat(43)];
    for (const value of junk) {
      const status = (await get(port, '/', `Cookie: __Host-rolegate=${value}`)).status;
      expect([400, 401], value).toContain(status);
      const person = browser();
      await person.visit(`${origin}/`, {}, leavesTheOrigin);
      cookiesOf(person).set('__Host-rolegate', value);
      cookiesOf(person).set('__Host-rolegate-browser', value);
      const seen = await person.visit(`${origin}/mine`);
      expect([seen.status, seen.url], value).toEqual([200, `${origin}/mine`]);
    }
    const two = await get(port, '/', `Cookie: __Host-rolegate=${'a'.repeat(43)}; __Host-rolegate=${'b'.repeat(43)}`);
    expect(two.status).toBe(400);
  });
});

describe('requests that a sibling domain causes', () => {
  const foreign = [
    [`Origin: ${sibling}`, 'Sec-Fetch-Site: same-site'],
    [`Origin: ${sibling}`],
    ['Origin: null', 'Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    [`Origin: ${origin}.evil.example`],
    ['Origin: http://app.example.com'],
    [],
  ];
  const own = [`Origin: ${origin}`, 'Sec-Fetch-Site: same-origin'];

  test.each(['POST', 'PUT', 'DELETE'])('a %s with the session cookie is refused', async (method) => {
    const { port, browser, service } = await world();
    const person = browser();
    await person.visit(`${origin}/`);
    service.clear();
    const send = (lines: readonly string[]) =>
      sendRaw(
        port,
        [
          `${method} /transfer HTTP/1.1`,
          ...['Host: app.example.com', 'X-Forwarded-Proto: https', 'Content-Length: 0'],
          `Cookie: __Host-rolegate=${sessionOf(person)}`,
          ...lines,
          '',
          '',
        ].join('\r\n'),
      );
    for (const lines of foreign) expect((await send(lines)).status, lines.join()).toBe(403);
    expect(service.requests).toEqual([]);
    expect((await send(own)).status).toBe(200);
  });

  test('a WebSocket with the session cookie is refused', async () => {
    const { port, browser } = await world();
    const person = browser();
    await person.visit(`${origin}/`);
    const open = (lines: readonly string[]) =>
      sendRaw(
        port,
        handshakeTo(
          '/chat',
          'X-Forwarded-Proto: https',
          `Cookie: __Host-rolegate=${sessionOf(person)}`,
          ...lines,
        ).replace('Host: a', 'Host: app.example.com'),
      );
    for (const lines of foreign) expect((await open(lines)).status, lines.join()).toBe(403);
    expect((await open(own)).status).toBe(101);
  });

  test('no cookie of the gateway reaches the service', async () => {
    const { port, browser, service } = await world();
    const person = browser();
    await person.visit(`${origin}/`);
    const cookies = [...cookiesOf(person)].map((pair) => pair.join('=')).join('; ');
    await get(port, '/', `Cookie: theme=dark; ${cookies}; lang=en`);
    expect(service.last().header('cookie')).toEqual(['theme=dark; lang=en']);
  });
});

describe('programs without a session are never redirected', () => {
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const grpc = ['Content-Type: application/grpc', 'TE: trailers'];
  const programs: readonly (readonly [string, string, readonly string[]])[] = [
    ['curl', 'GET', ['User-Agent: curl/8.5.0', 'Accept: */*']],
    ['wget', 'GET', ['User-Agent: Wget/1.21', 'Accept: */*', 'Accept-Encoding: identity']],
    ['HTTPie', 'GET', ['User-Agent: HTTPie/3.2', 'Accept: */*']],
    ['Python requests', 'GET', ['User-Agent: python-requests/2.31', 'Accept: */*']],
    ['Go', 'GET', ['User-Agent: Go-http-client/1.1']],
    ['Java', 'GET', ['User-Agent: Java-http-client/21']],
    ['a client without any header', 'GET', []],
    ['a client of JSON', 'GET', ['Accept: application/json']],
    ['axios, which prefers JSON and takes text', 'GET', ['Accept: application/json, text/plain, */*']],
    ['a script with fetch', 'GET', ['Accept: */*', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty']],
    [
      'a script with fetch that asks for HTML',
      'GET',
      ['Accept: text/html', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty'],
    ],
    ['a script with fetch and mode same-origin', 'GET', ['Accept: */*', 'Sec-Fetch-Mode: same-origin']],
    ['XMLHttpRequest of a library', 'GET', ['Accept: */*', 'X-Requested-With: XMLHttpRequest']],
    [
      'an image',
      'GET',
      ['Accept: image/avif,image/webp,*/*;q=0.8', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'],
    ],
    ['a style sheet', 'GET', ['Accept: text/css,*/*;q=0.1', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: style']],
    ['a module script', 'GET', ['Accept: */*', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: script']],
    ['an event stream', 'GET', ['Accept: text/event-stream', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty']],
    ['a service worker', 'GET', ['Accept: */*', 'Service-Worker: script', 'Sec-Fetch-Mode: same-origin']],
    [
      'a report of a browser',
      'POST',
      ['Content-Type: application/reports+json', 'Sec-Fetch-Mode: cors', 'Content-Length: 0'],
    ],
    ['a beacon', 'POST', ['Content-Type: text/plain', 'Sec-Fetch-Mode: no-cors', 'Content-Length: 0']],
    ['a preflight', 'OPTIONS', [`Origin: ${sibling}`, 'Access-Control-Request-Method: POST', 'Sec-Fetch-Mode: cors']],
    ['gRPC', 'POST', [...grpc, 'Content-Length: 0']],
    ['gRPC-Web', 'POST', ['Content-Type: application/grpc-web+proto', 'X-Grpc-Web: 1', 'Content-Length: 0']],
    ['HEAD of a monitor', 'HEAD', ['User-Agent: monitor', 'Accept: */*']],
    ['a WebSocket', 'GET', [...upgrade, 'Sec-Fetch-Mode: websocket']],
    ['a WebSocket that asks for HTML', 'GET', ['Accept: text/html', ...upgrade]],
    ['a frame', 'GET', ['Accept: text/html,*/*;q=0.8', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe']],
    ['an embedded document', 'GET', ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: object']],
    [
      'a page that Chromium prefetches',
      'GET',
      ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Sec-Purpose: prefetch;prerender'],
    ],
    ['a page that Safari prefetches', 'GET', ['Accept: text/html', 'Purpose: prefetch']],
    ['a page that an older Firefox prefetches', 'GET', ['Accept: text/html', 'X-Moz: prefetch']],
    [
      'a WebSocket that claims to be a navigation',
      'GET',
      ['Accept: text/html', ...upgrade, 'Sec-Fetch-Mode: navigate'],
    ],
    ['Git', 'GET', ['User-Agent: git/2.43.0', 'Accept: */*', 'Git-Protocol: version=2']],
  ];

  test(`${programs.length} kinds of them get 401 that says where people sign in`, async () => {
    const { port, service } = await world();
    for (const [name, method, lines] of programs) {
      const head = [`${method} /api HTTP/1.1`, 'Host: app.example.com', 'X-Forwarded-Proto: https', ...lines, '', ''];
      const answer = await sendRaw(port, head.join('\r\n'), method);
      expect([answer.status, answer.header('location')], name).toEqual([401, undefined]);
      expect(answer.header('www-authenticate'), name).toContain('/.rolegate/sign-in/corp');
    }
    expect(service.requests).toEqual([]);
    // Control: a person's navigation is redirected.
    const navigation = await get(
      port,
      '/api',
      'Accept: text/html',
      'Sec-Fetch-Mode: navigate',
      'Sec-Fetch-Dest: document',
    );
    expect(navigation.status).toBe(303);
    expect(navigation.header('location')).toMatch(`${origin}/.rolegate/sign-in/corp?`);
  });
});
