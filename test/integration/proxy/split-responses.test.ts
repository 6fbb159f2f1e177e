/** A service's response arrives in any pieces: cut in two at every byte, and byte by byte. The client receives the same. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { closedAfterEach } from '../../support/closed-after-each.ts';
import { certificate as cert, key } from '../../support/localhost-certificate.ts';
import { openRaw, type RawConnection, sendRaw } from '../../support/raw-client.ts';
import { type RunningProxy, startProxy } from '../../support/running-proxy.ts';
import { handshake, switchingProtocols } from '../../support/websocket-handshake.ts';

const running = closedAfterEach();
const known = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...known, cert]));
afterAll(() => setDefaultCACertificates(known));

interface Split {
  readonly proxy: RunningProxy;
  /** Responds from now on with these pieces, each in a read of its own. */
  respond(pieces: readonly string[]): void;
}

/** A service that waits for the whole request, and a proxy in front of it. */
async function startSplitting(scheme: 'http' | 'https', end = false): Promise<Split> {
  let pieces: readonly string[] = [];
  const write = async (socket: Socket) => {
    for (const piece of pieces) {
      socket.write(piece, 'latin1');
      // On loopback the bytes have arrived, and the gateway, in this process, reads them in the next turn.
      for (let turn = 0; turn < 2; turn += 1) await setImmediate();
    }
    if (end) socket.end();
  };
  const accept = (socket: Socket) => {
    let request = '';
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      request += bytes.toString('latin1');
      if (!request.endsWith(request.startsWith('POST') ? '\r\n\r\nsent' : '\r\n\r\n')) return;
      request = '';
      void write(socket);
    });
  };
  const service = scheme === 'http' ? createServer(accept) : createTlsServer({ cert, key }, accept);
  const proxy = await startInFront(service, scheme);
  return {
    proxy,
    respond(next) {
      pieces = next;
    },
  };
}

async function startInFront(service: Server, scheme = 'http'): Promise<RunningProxy> {
  const sockets = new Set<Socket>();
  service.on('connection', (socket: Socket) => sockets.add(socket));
  service.listen(0, 'localhost');
  await once(service, 'listening');
  running.push({
    async close() {
      for (const socket of sockets) socket.destroy();
      service.close();
    },
  });
  const proxy = await startProxy({ targets: [`${scheme}://localhost:${(service.address() as AddressInfo).port}`] });
  running.push(proxy);
  return proxy;
}

async function connectTo(proxy: RunningProxy): Promise<RawConnection> {
  const client = await openRaw(proxy.port);
  running.push({ close: async () => client.destroy() });
  return client;
}

/** The response whole, in two pieces at every byte, and byte by byte. */
function* cutsOf(bytes: string): Generator<readonly string[]> {
  yield [bytes];
  for (let at = 1; at < bytes.length; at += 1) yield [bytes.slice(0, at), bytes.slice(at)];
  yield [...bytes];
}

const requests = {
  GET: 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  HEAD: 'HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n',
  POST: 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nsent',
};
const byLength = 'HTTP/1.1 200 Fine\r\nX-Own: kept\r\nContent-Length: 5\r\n\r\nhello';
const chunked =
  'HTTP/1.1 201 Made\r\nX-Own: kept\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n';

describe.each(['http', 'https'] as const)('a response of %s in pieces', (scheme) => {
  it.each([
    ['by length', 'GET', byLength, 200, 'hello'],
    ['in chunks', 'GET', chunked, 201, 'hello'],
    ['of a failure', 'GET', byLength.replace('200 Fine', '503 Down'), 503, 'hello'],
    ['without a body', 'GET', 'HTTP/1.1 204 None\r\nX-Own: kept\r\n\r\n', 204, ''],
    ['of no change', 'GET', 'HTTP/1.1 304 Same\r\nX-Own: kept\r\n\r\n', 304, ''],
    ['by length', 'POST', byLength, 200, 'hello'],
    ['in chunks', 'POST', chunked, 201, 'hello'],
    ['without content', 'HEAD', 'HTTP/1.1 200 Fine\r\nX-Own: kept\r\n\r\n', 200, ''],
    ['that announces a length', 'HEAD', byLength.slice(0, -5), 200, ''],
    [
      'that announces chunks',
      'HEAD',
      'HTTP/1.1 200 Fine\r\nX-Own: kept\r\nTransfer-Encoding: chunked\r\n\r\n',
      200,
      '',
    ],
    ['after 100', 'POST', `HTTP/1.1 100 Continue\r\n\r\n${byLength}`, 200, 'hello'],
    ['after 102', 'POST', `HTTP/1.1 102 Processing\r\n\r\n${chunked}`, 201, 'hello'],
    ['after 103', 'GET', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${byLength}`, 200, 'hello'],
    ['after 102 and 103', 'HEAD', `HTTP/1.1 102 \r\n\r\nHTTP/1.1 103\r\nA: b\r\n\r\n${byLength.slice(0, -5)}`, 200, ''],
  ] as const)('%s, to %s', async (_name, method, bytes, status, text) => {
    const { proxy, respond } = await startSplitting(scheme);
    const client = await connectTo(proxy);
    for (const pieces of cutsOf(bytes)) {
      respond(pieces);
      client.write(requests[method]);
      const response = await client.answer(method);
      const got = [pieces[0], response.status, response.header('x-own'), response.text(), response.complete];
      expect(got).toEqual([pieces[0], status, 'kept', text, true]);
      expect([client.interim.length, client.unread().length]).toEqual([0, 0]);
    }
    await vi.waitFor(() => expect(proxy.records).toHaveLength(bytes.length + 1));
    expect(proxy.records.filter(({ reason, cause }) => reason !== null || cause !== null)).toEqual([]);
  });

  it('until the end of the connection', async () => {
    const bytes = 'HTTP/1.1 200 Fine\r\nX-Own: kept\r\n\r\nhello';
    const { proxy, respond } = await startSplitting(scheme, true);
    for (const pieces of cutsOf(bytes)) {
      respond(pieces);
      const response = await sendRaw(proxy.port, requests.GET);
      const got = [pieces[0], response.status, response.header('x-own'), response.text(), response.complete];
      expect(got).toEqual([pieces[0], 200, 'kept', 'hello', true]);
    }
  });

  it('that switches protocols, with the first bytes of the new one', async () => {
    const { proxy, respond } = await startSplitting(scheme);
    for (const pieces of cutsOf(`${switchingProtocols}hello`)) {
      respond(pieces);
      const client = await connectTo(proxy);
      client.write(handshake());
      expect([pieces[0], (await client.answer()).status]).toEqual([pieces[0], 101]);
      await vi.waitFor(() => expect(client.unread().toString()).toBe('hello'), { interval: 1 });
      client.destroy();
    }
  });
});

describe('interim responses of Node, which leave before the final one', () => {
  const later = (respond: () => void) => void setTimeout(respond, 1);

  it.each<[string, RequestListener]>([
    ['100', (_, response) => response.writeContinue()],
    ['102', (_, response) => response.writeProcessing()],
    ['103', (_, response) => response.writeEarlyHints({ link: '</style.css>; rel=preload' })],
  ])('%s', async (_name, early) => {
    const service = createHttpServer((request, response) => {
      early(request, response);
      later(() => response.end('final'));
    });
    const proxy = await startInFront(service);
    const client = await connectTo(proxy);
    for (let i = 0; i < 40; i += 1) {
      client.write(requests.GET);
      const response = await client.answer();
      expect([response.status, response.text()]).toEqual([200, 'final']);
    }
  });
});
