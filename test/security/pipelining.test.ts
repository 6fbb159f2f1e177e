/**
 * Several requests on one connection: responses in order and one to one, an identity for one request only, nothing
 * processed after the last response, and no body of a refused request parsed as a request.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { type Attack, attackSuite, bearer, request, startWorld, type World } from './support/attack-suite.ts';
import { startFooledUpstream } from './support/fooled-upstream.ts';
import { startNaiveGateway } from './support/naive-gateway.ts';
import { known } from './support/sloppy-service.ts';

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const framed = (line: string, headers: readonly string[] = []) =>
  request(line, [`Content-Length: ${hidden.length}`, ...headers], hidden);
const inChunks = (line: string, headers: readonly string[] = []) =>
  request(line, ['Transfer-Encoding: chunked', ...headers], `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`);

/** Bodies of refused requests are not requests. The connection may continue after them, or end. */
const bodies: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ['401, by length', framed('POST /private/x'), 401],
  ['401, with chunks', inChunks('POST /private/x'), 401],
  ['403, by length', framed('POST /admin/x', [bearer]), 403],
  ['403, with chunks', inChunks('POST /admin/x', [bearer]), 403],
  ['405, by length', framed('PUT /items/1'), 405],
  ['405, with chunks', inChunks('PUT /items/1'), 405],
  ['400, by length', framed('POST /public/%2e%2e/x'), 400],
  ['400, with chunks', inChunks('POST /public/%2e%2e/x'), 400],
  ['GET, by length', framed('GET /private/x'), 401],
  ['GET, with chunks', inChunks('GET /private/x'), 401],
  ['DELETE, by length', framed('DELETE /items/1'), 401],
  ['TRACE, by length', framed('TRACE /public/x'), 501],
];

attackSuite('bodies of refused requests', [
  ...bodies.map(([name, bytes, status]): Attack => ({ name, bytes, status: [status, 400], reaches: null })),
  {
    name: 'a body that arrives later',
    bytes: [request('POST /private/x', [`Content-Length: ${hidden.length}`]), hidden],
    ...{ status: 401, reaches: null },
  },
  {
    name: 'an upgrade followed by a body',
    bytes: framed('GET /private/x', ['Connection: Upgrade', 'Upgrade: websocket']),
    ...{ status: [400, 401], reaches: null },
  },
  {
    name: 'HTTP/1.0 ends with its answer: a request behind it is none',
    bytes: `GET /public/x HTTP/1.0\r\nHost: a.test\r\n\r\n${hidden}`,
    ...{ status: 200, reaches: '/public/x', harm: 'hidden request' },
  },
  {
    name: 'Connection: close ends with its answer',
    bytes: request('GET /public/x', ['Connection: close']) + hidden,
    ...{ status: 200, reaches: '/public/x', harm: 'hidden request' },
  },
  {
    name: 'Connection: close within a list',
    bytes: request('GET /public/x', ['Connection: x-a, Close']) + hidden,
    ...{ status: 200, reaches: '/public/x', harm: 'hidden request' },
  },
]);

describe('pipelined requests', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      routes:
        '  - { id: streamed, match: { path: "/streamed/**" }, upstream: service, access: public, bodyBuffer: 0b }\n',
    });
  });
  afterAll(() => world.close());

  const ask = async (requests: readonly string[]) => {
    world.upstream.clear();
    const client = await openRaw(world.gateway.port);
    client.write(requests.join(''));
    const answers = [];
    for (const bytes of requests) answers.push(await client.answer(bytes.slice(0, bytes.indexOf(' '))));
    client.destroy();
    return answers;
  };

  test('a hundred of them get responses in order', async () => {
    const answers = await ask(Array.from({ length: 100 }, (_, i) => request(`GET /public/${i}`)));
    expect(answers.map((answer) => answer.text())).toEqual(answers.map((_, i) => `served GET /public/${i}`));
  });

  test('an identity applies to one request, not to a connection: CVE-2021-25122', async () => {
    const strong = request('GET /admin/1', [`Authorization: Bearer ${known.admin.token}`]);
    const answers = await ask([strong, request('GET /admin/2'), request('GET /admin/3', [bearer]), strong]);
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 403, 200]);
    expect(world.upstream.seen('length-first').map(({ target }) => target)).toEqual(['/admin/1', '/admin/1']);
    expect(world.upstream.harms()).toEqual([]);
  });

  test('refused and served ones get responses in order', async () => {
    const kinds = [
      ['GET /public/1', 200],
      ['GET /private/1', 401],
      ['GET /public/%2e%2e/1', 400],
      ['GET /public/2', 200],
      ['PUT /items/1', 405],
      ['HEAD /public/3', 200],
      ['GET /public/4', 200],
    ] as const;
    const answers = await ask(
      kinds.map(([line]) => request(line, line.startsWith('PUT') ? ['Content-Length: 0'] : [])),
    );
    expect(answers.map(({ status }) => status)).toEqual(kinds.map(([, status]) => status));
    expect(answers.at(-1)?.text()).toBe('served GET /public/4');
  });

  test('bodies of either framing in between are not requests', async () => {
    const answers = await ask([
      framed('POST /public/1'),
      inChunks('POST /public/2'),
      framed('GET /public/3'),
      inChunks('DELETE /public/4'),
      request('GET /public/5'),
    ]);
    expect(answers.map((answer) => answer.text().replace('served ', ''))).toEqual([
      'POST /public/1',
      'POST /public/2',
      'GET /public/3',
      'DELETE /public/4',
      'GET /public/5',
    ]);
    expect(world.upstream.harms()).toEqual([]);
    expect(world.upstream.undecided()).toEqual([]);
  });

  test('empty lines before a request are ignored: RFC 9112 section 2.2', async () => {
    const answers = await ask([`\r\n${request('GET /public/1')}`, `\r\n\r\n${request('GET /public/2')}`]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('bytes that arrive one by one form the same request', async () => {
    const client = await openRaw(world.gateway.port);
    for (const byte of inChunks('POST /public/slow')) client.write(byte);
    expect((await client.answer()).text()).toBe('served POST /public/slow');
    client.destroy();
  });

  const cut = [
    ['Content-Length: 100', 'half'],
    ['Transfer-Encoding: chunked', '4\r\nhalf\r\n'],
    ['Transfer-Encoding: chunked', '4\r\nhalf\r\n0\r\n'],
    ['Transfer-Encoding: chunked', '64\r\nhalf'],
  ] as const;
  test.each(cut)('a truncated request does not look complete to the service: %s, %j', async (framing, half) => {
    for (const path of ['/public/cut', '/streamed/cut']) {
      world.upstream.clear();
      const client = await openRaw(world.gateway.port);
      client.write(request(`POST ${path}`, [framing], half));
      if (path === '/streamed/cut')
        await vi.waitFor(() => expect(world.upstream.received().join('')).toContain('half'));
      client.destroy();
      await sendRaw(world.gateway.port, request('GET /public/end', ['Connection: close']));
      await vi.waitFor(() => expect(world.upstream.undecided()).toEqual([]));
      expect(world.upstream.seen('length-first').map(({ target }) => target)).toEqual(['/public/end']);
    }
  });

  test('control: through a naive gateway, the next client gets the response to a hidden request', async () => {
    const upstream = await startFooledUpstream({ answersBy: 'chunked-first' });
    const naive = await startNaiveGateway(upstream.port, 'length-first');
    const client = await openRaw(naive.port);
    const behind = request(
      'POST /public/1',
      ['Transfer-Encoding: chunked', `Content-Length: ${hidden.length + 5}`],
      `0\r\n\r\n${hidden}`,
    );
    client.write(behind + request('GET /public/2'));
    await client.answer('POST');
    expect((await client.answer()).text()).toBe('served GET /smuggled');
    client.destroy();
    await naive.close();
    await upstream.close();
  });
});
