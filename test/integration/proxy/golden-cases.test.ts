/**
 * The golden cases through the running proxy: each is sent as raw bytes, and the client's response and the upstream
 * request are compared with the expected decision.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectGolden } from '../../support/expect-golden.ts';
import { linesOf, readGoldenFiles } from '../../support/golden-cases.ts';
import { type GoldenWorld, startGoldenWorld } from '../../support/golden-worlds.ts';
import { sendRaw } from '../../support/raw-client.ts';

describe.each(readGoldenFiles().map((golden) => [golden.file, golden] as const))('%s', (_file, golden) => {
  let world: GoldenWorld;
  beforeAll(async () => {
    world = await startGoldenWorld(golden);
  });
  afterAll(() => world.close());

  test.each(golden.cases.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const { authApi, upstream } = world;
    await world.prepare(row);
    const before = authApi.calls.session + authApi.calls.keypair;
    const lines = linesOf(golden, row);
    const answer = await sendRaw(world.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    expectGolden(row, answer, upstream);
    if (row.expect.asked !== undefined) {
      expect(authApi.calls.session + authApi.calls.keypair - before).toBe(row.expect.asked ? 1 : 0);
    }
  });
});
