/** The rest of a body that nobody takes: read within a bound of bytes, whatever the clock says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { drainBody, endAfterBody, maxDrainBytes } from '../../../src/entrypoints/shared/drain-body.ts';
import type { Deadline, Deadlines } from '../../../src/upstream/deadline-wheel.ts';
import { openRaw, type RawConnection } from '../../support/raw-client.ts';

let server: Server | null = null;
let client: RawConnection | null = null;
afterEach(async () => {
  client?.destroy();
  server?.closeAllConnections();
  server?.close();
  if (server !== null) await once(server, 'close');
});

/** Holds deadlines, and never fires them. */
class StoppedClock implements Deadlines {
  readonly waiting = new Set<Deadline>();
  schedule(deadline: Deadline): void {
    this.waiting.add(deadline);
  }
  cancel(deadline: Deadline): void {
    this.waiting.delete(deadline);
  }
}

type Drain = (req: IncomingMessage, res: ServerResponse, clock: Deadlines) => void;

const staysOpen: Drain = (req, res, clock) => {
  res.writeHead(401, { 'content-length': '0' }).end();
  drainBody(req, clock);
};
const closes: Drain = (req, res, clock) => {
  res.writeHead(401, { 'content-length': '0', connection: 'close' });
  endAfterBody(req, res, clock);
};

/** A client whose request is answered before its body is there. */
async function answered(drain: Drain): Promise<{ client: RawConnection; clock: StoppedClock }> {
  const clock = new StoppedClock();
  server = createServer((req, res) => drain(req, res, clock));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = await openRaw((server.address() as AddressInfo).port);
  client.write('POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  return { client, clock };
}

const chunk = (bytes: number) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`;

describe.each([
  ['a connection that would stay open', staysOpen],
  ['a connection that closes', closes],
])('%s', (_name, drain) => {
  test('ends with a body beyond the bound, without a clock', async () => {
    const { client, clock } = await answered(drain);
    client.write(chunk(maxDrainBytes + 1));
    await client.closed();
    expect(client.unread().toString('latin1', 0, 12)).toBe('HTTP/1.1 401');
    expect(clock.waiting.size).toBe(0);
  });

  test('goes on reading within the bound', async () => {
    const { client, clock } = await answered(drain);
    client.write(chunk(maxDrainBytes));
    client.write('0\r\n\r\n');
    expect((await client.answer()).status).toBe(401);
    if (drain === closes) await client.closed();
    else {
      client.write('GET /b HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await client.answer()).status).toBe(401);
    }
    if (drain === closes) expect(clock.waiting.size).toBe(0);
  });
});
