/**
 * Requests that no HTTP library would send: each gets one response from the Auth API itself, with both error headers.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeBytes, headsOf } from './exchange-bytes.ts';
import { type StartedAuthApi, startAuthApi, testSettings } from './start-auth-api.ts';

let started: StartedAuthApi;
let bearer = '';

beforeAll(async () => {
  started = await startAuthApi({
    http: { headersTimeoutMs: 300, requestTimeoutMs: 600, timeoutCheckMs: 50 },
    settings: {
      ...testSettings,
      limits: { ...testSettings.limits, mailsPerAddressAndClient: 1000, mailsPerAddress: 1000 },
    },
  });
  bearer = (await started.api.createVerifiedSession(started.userId)).bearer;
});

afterAll(() => started.api.close());

const path = '/api/auth/v2/session';
const close = 'Connection: close\r\n';
const bodyOf = (bytes: number) => `{"email":"ana@example.test","x":"${'x'.repeat(bytes)}"}`;

interface Row {
  readonly name: string;
  readonly send: (token: string) => readonly string[];
  readonly statuses: readonly number[];
}

const rows: readonly Row[] = [
  { name: 'not HTTP', send: () => ['hello\r\n\r\n'], statuses: [400] },
  {
    name: 'an invalid header',
    send: () => [`GET ${path} HTTP/1.1\r\nHost: a\r\nbad header: x\r\n\r\n`],
    statuses: [400],
  },
  { name: 'a space before the colon', send: () => [`GET ${path} HTTP/1.1\r\nHost : a\r\n\r\n`], statuses: [400] },
  { name: 'a folded header', send: () => [`GET ${path} HTTP/1.1\r\nHost: a\r\n b\r\n\r\n`], statuses: [400] },
  { name: 'a missing Host', send: () => [`GET ${path} HTTP/1.1\r\n\r\n`], statuses: [400] },
  { name: 'a repeated Host', send: () => [`GET ${path} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n`], statuses: [400] },
  {
    name: 'HTTP/1.0 without a Host is fine',
    send: (token) => [`GET ${path} HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`],
    statuses: [200],
  },
  {
    name: 'both lengths',
    send: () => [
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    statuses: [400],
  },
  {
    name: 'two different lengths',
    send: () => [`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`],
    statuses: [400],
  },
  {
    name: 'a coding that is not chunked',
    send: () => [`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n`],
    statuses: [400],
  },
  {
    name: 'a broken chunk',
    send: () => [`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n`],
    statuses: [400],
  },
  {
    name: 'a valid request followed by garbage, with responses in order',
    send: (token) => [`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\nnonsense\r\n\r\n`],
    statuses: [200, 400],
  },
  {
    name: 'a repeated Authorization, equal or different',
    send: (token) => [
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\n${close}\r\n`,
    ],
    statuses: [400],
  },
  {
    name: 'a repeated api-key',
    send: () => [
      `GET /api/auth/v2/keypair HTTP/1.1\r\nHost: a\r\nApi-Key: a\r\napi-key: b\r\napi-secret: c\r\n${close}\r\n`,
    ],
    statuses: [400],
  },
  {
    name: 'a repeated api-secret',
    send: () => [
      `GET /api/auth/v2/keypair HTTP/1.1\r\nHost: a\r\nApi-Key: a\r\napi-secret: b\r\nAPI-SECRET: c\r\n${close}\r\n`,
    ],
    statuses: [400],
  },
  {
    name: 'a bearer after a no-break space',
    send: (token) => [`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xa0${token}\r\n${close}\r\n`],
    statuses: [401],
  },
  {
    name: 'a bearer with a trailing tab',
    send: (token) => [`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\t\r\n${close}\r\n`],
    statuses: [200],
  },
  {
    name: 'the absolute form',
    send: (token) => [
      `GET http://example.test${path} HTTP/1.1\r\nHost: example.test\r\nAuthorization: Bearer ${token}\r\n${close}\r\n`,
    ],
    statuses: [200],
  },
  { name: 'the asterisk form', send: () => [`OPTIONS * HTTP/1.1\r\nHost: a\r\n${close}\r\n`], statuses: [400] },
  { name: 'a target with #', send: () => [`GET ${path}#x HTTP/1.1\r\nHost: a\r\n${close}\r\n`], statuses: [400] },
  { name: 'TRACE', send: () => [`TRACE ${path} HTTP/1.1\r\nHost: a\r\n${close}\r\n`], statuses: [405] },
  { name: 'CONNECT', send: () => ['CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'], statuses: [501] },
  {
    name: 'an unknown expectation',
    send: () => [`GET ${path} HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n`],
    statuses: [417],
  },
  {
    name: 'an upgrade is ignored',
    send: (token) => [
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n`,
    ],
    statuses: [200],
  },
  {
    name: 'headers beyond 16 KiB',
    send: () => [`GET ${path} HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    statuses: [431],
  },
  {
    name: 'a declared body beyond 16 KiB',
    send: () => [`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 17000\r\n\r\n`],
    statuses: [413],
  },
  {
    name: 'a chunked body beyond 16 KiB, sent whole',
    send: () => [
      `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `4e20\r\n${'x'.repeat(0x4e20)}\r\n0\r\n\r\n`,
    ],
    statuses: [413],
  },
  {
    name: 'a body just within the bound',
    send: () => {
      const body = bodyOf(16_384 - bodyOf(0).length);
      return [`POST ${path} HTTP/1.1\r\nHost: a\r\n${close}Content-Length: ${body.length}\r\n\r\n${body}`];
    },
    statuses: [202],
  },
  {
    name: 'a body in two pieces',
    send: () => {
      const body = bodyOf(1);
      const half = body.length >> 1;
      const head = `POST ${path} HTTP/1.1\r\nHost: a\r\n${close}Content-Length: ${body.length}\r\n\r\n`;
      return [head, body.slice(0, half), body.slice(half)];
    },
    statuses: [202],
  },
  {
    name: 'a body that is not UTF-8',
    send: () => [`POST ${path} HTTP/1.1\r\nHost: a\r\n${close}Content-Length: 13\r\n\r\n{"email":"\xff"}`],
    statuses: [400],
  },
  {
    name: 'a body on GET is framed, not parsed as the next request',
    send: (token) => [
      `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${close}Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
    ],
    statuses: [200],
  },
  {
    name: 'an empty PUT with only a length',
    send: (token) => [
      `PUT ${path}/extend HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${close}Content-Length: 0\r\n\r\n`,
    ],
    statuses: [202],
  },
  { name: 'headers without an end', send: () => [`GET ${path} HTTP/1.1\r\nHost: a\r\n`], statuses: [408] },
  {
    name: 'a body that never arrives',
    send: () => [`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{`],
    statuses: [408],
  },
];

describe('unusual requests', () => {
  it.each(rows)('$name', async ({ send, statuses }) => {
    const received = await exchangeBytes(started.port, send(bearer));
    const heads = headsOf(received);
    expect(heads.map(({ status }) => status)).toEqual(statuses);
    for (const { status, head } of heads) {
      if (status === 200 || status === 202) continue;
      expect(head).toMatch(/\r\nx-error: [\x20-\x7e]+\r\n/);
      expect(head).toMatch(/\r\nx-error-id: [0-9a-f-]{36}\r\n/);
      expect(head).toMatch(/\r\ncontent-length: \d+\r\n/);
      expect(head).toMatch(/\r\nconnection: close\r\n/);
      // The final line break, for a shell prompt.
      expect(received).toMatch(/\}\n$/);
    }
  });

  it('accepts 100-continue', async () => {
    const body = bodyOf(1);
    const received = await exchangeBytes(started.port, [
      `POST ${path} HTTP/1.1\r\nHost: a\r\n${close}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
      body,
    ]);
    expect(headsOf(received).map(({ status }) => status)).toEqual([100, 202]);
  });

  it('serves a new connection when silent ones occupy every place', async () => {
    const { api, port } = await startAuthApi({ http: { connections: 2 } });
    const silent = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const closed = Promise.race(silent.map((socket) => once(socket, 'close')));
    const answer = await fetch(`http://127.0.0.1:${port}/health/live`);
    expect(answer.status).toBe(200);
    await closed;
    for (const socket of silent) socket.destroy();
    await api.close();
  });

  it('keeps a connection after an ordinary refusal', async () => {
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const received = await exchangeBytes(started.port, [request + request], (text) => headsOf(text).length === 2);
    expect(headsOf(received).map(({ status }) => status)).toEqual([401, 401]);
  });

  it('reads every header, however many', async () => {
    const many = Array.from({ length: 2_100 }, (_, at) => `${at % 10}:\r\n`).join('');
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\n${many}api-key: x\r\n${close}\r\n`;
    const received = await exchangeBytes(started.port, [request]);
    expect(headsOf(received).map(({ status }) => status)).toEqual([400]);
    expect(received).toContain('credential_conflict');
  });
});
