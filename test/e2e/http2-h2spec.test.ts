/** h2spec, which checks a server against RFC 7540 and RFC 7541: what it finds in the gateway is known, and of `nghttp2`. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Http2World, startHttp2World } from '../integration/http2/http2-world.ts';
import { skipHere } from '../support/skip-here.ts';

const run = promisify(execFile);
const program = 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible';

/** RFC 9113 is laxer than RFC 7540, which h2spec checks, except where Node closes the connection instead of the stream. */
const known = [
  // Frames for a stream that has ended are dropped, as RFC 9113 section 5.1 permits.
  '11: closed: Sends a DATA frame',
  '12: closed: Sends a HEADERS frame',
  '2: Sends stream identifier that is numerically smaller than previous',
  '8: closed: Sends a DATA frame after sending RST_STREAM frame',
  '9: closed: Sends a HEADERS frame after sending RST_STREAM frame',
  // RFC 9113 section 5.3 has removed priorities: their frames are not read.
  '1: Sends a PRIORITY frame with 0x0 stream identifier',
  '2: Sends PRIORITY frame that depend on itself',
  // Node ends the connection of a client that acknowledges what it did not get, or whose window overflows.
  '2: Sends a PING frame with ACK',
  '3: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream',
];

let world: Http2World;
const folder = mkdtempSync(join(tmpdir(), 'rolegate-h2spec-'));
beforeAll(async () => {
  world = await startHttp2World((request, response) => {
    request.resume();
    request.on('end', () => response.end('a longer response'));
  });
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('h2spec finds nothing else', async () => {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/local/go/bin`, GOBIN: folder };
  if (spawnSync('go', ['version'], { env }).error !== undefined) skipHere('no go: install Go, or put it on the PATH');
  const installed = spawnSync('go', ['install', program], { env, timeout: 240_000 });
  if (installed.status !== 0) skipHere('no h2spec: the Go module proxy has to be reachable');
  const options = ['-h', '127.0.0.1', '-p', String(world.gateway.port), '-t', '-k', '-o', '2'];
  // It exits with 1 if a check fails.
  const { stdout } = await run(join(folder, 'h2spec'), options, { timeout: 240_000 }).catch(
    (failed: Error & { stdout: string }) => failed,
  );
  const [, failures = ''] = stdout.split('Failures:');
  const found = [...failures.matchAll(/× (.+)$/gm)].map(([, name]) => name!.trim());
  expect(found.filter((name) => !known.includes(name))).toEqual([]);
  const [, passed] = /145 tests, (\d+) passed, 0 skipped/.exec(stdout) ?? [];
  expect(Number(passed)).toBeGreaterThanOrEqual(145 - known.length);
}, 500_000);
