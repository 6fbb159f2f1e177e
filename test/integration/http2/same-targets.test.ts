/** Hostile targets: what reaches a service, and what is refused, is the same over HTTP/1.1 and HTTP/2. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostileTargets as targetsOf } from '../../../src/policy-tools/hostile-targets.ts';
import { hostileTargets } from '../../support/hostile-targets.ts';
import { flags, frame, frameTypes, get } from '../../support/http2-frames.ts';
import { type Http2World, startHttp2World } from './http2-world.ts';

let world: Http2World;
let reached: (string | undefined)[] = [];
beforeAll(async () => {
  world = await startHttp2World((request, response) => {
    reached.push(request.url);
    response.end();
  });
});
afterAll(() => world.close());

async function overHttp1(target: string): Promise<(string | undefined)[]> {
  reached = [];
  const socket = connect({ host: '127.0.0.1', port: world.gateway.port, ca: world.ca, servername: 'a.test' });
  socket.on('error', () => {}).resume();
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`, 'latin1');
  await once(socket, 'close');
  return reached;
}

test('hostile targets', async () => {
  const targets = new Set([...hostileTargets, ...targetsOf('/admin/x', '/a'), ...targetsOf('/', '')]);
  let client = await world.frames();
  let stream = -1;
  let served = 0;
  for (const target of targets) {
    if (client.closed) {
      client = await world.frames();
      stream = -1;
    }
    stream += 2;
    const expected = await overHttp1(target);
    reached = [];
    client.write(frame(frameTypes.headers, flags.endHeaders | flags.endStream, stream, get(target)));
    await client.outcome(stream);
    expect([target, reached]).toEqual([target, expected]);
    served += expected.length;
  }
  expect(targets.size).toBeGreaterThan(60);
  expect(served).toBeGreaterThan(10);
}, 60_000);
