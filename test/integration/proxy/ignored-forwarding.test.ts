/** The log reports once that a peer outside `server.trustedProxies` names another client, which is ignored. */
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

let gateway: RunningGateway;
afterEach(() => gateway?.close());

async function start(server = ''): Promise<void> {
  gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: false${server} }
authApi: { url: "http://127.0.0.1:9" }
routes: []
`);
}

const send = (headers: Record<string, string>) => fetch(`${gateway.origin}/x`, { headers });
const reported = () =>
  gateway
    .logLines()
    .filter(({ msg }) => String(msg).startsWith('ignored: server.trustedProxies'))
    .map(({ level, client, header }) => [level, client, header]);

describe('of a peer that is not trusted', () => {
  test('the first X-Forwarded-For is reported, and no other', async () => {
    await start();
    await send({});
    expect(reported()).toEqual([]);
    for (const address of ['192.0.2.1', '192.0.2.2']) await send({ 'X-Forwarded-For': address });
    expect(reported()).toEqual([['warn', '127.0.0.1', 'x-forwarded-for']]);
    // The header itself is the client's own text.
    expect(gateway.logText()).not.toContain('192.0.2.1');
  });

  test('with the standard header, Forwarded', async () => {
    await start(', forwardedHeaders: forwarded');
    await send({ 'X-Forwarded-For': '192.0.2.1' });
    await send({ Forwarded: 'for=192.0.2.1' });
    expect(reported()).toEqual([['warn', '127.0.0.1', 'forwarded']]);
  });
});

test('that of a trusted proxy is no cause for a report', async () => {
  await start(', trustedProxies: [127.0.0.1]');
  await send({ 'X-Forwarded-For': '192.0.2.1' });
  expect(reported()).toEqual([]);
});
