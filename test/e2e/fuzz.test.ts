/** A short fuzzing run, to check that it works and finds nothing immediately; `npm run fuzz` runs longer. */
import { expect, test } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';
import type { FuzzWorld } from '../fuzz/world.ts';
import { startFooledUpstream } from '../security/support/fooled-upstream.ts';
import { leniencies } from '../security/support/lenient-reading.ts';
import { startNaiveGateway } from '../security/support/naive-gateway.ts';

test('20 seconds of fuzzing find nothing', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await fuzz({ seconds: 20, seed });
  expect(report.problems, `seed ${seed}`).toEqual([]);
  expect(report.cases).toBeGreaterThan(50);
  expect(report.wellFormed).toBeGreaterThan(10);
  expect(report.forwarded).toBeGreaterThan(10);
});

test.each(leniencies)('control: finds a naive gateway that reads %s', async (leniency) => {
  const world = async (): Promise<FuzzWorld> => {
    const upstream = await startFooledUpstream({
      answersBy: leniency === 'length-first' ? 'chunked-first' : 'length-first',
    });
    const naive = await startNaiveGateway(upstream.port, leniency);
    return {
      port: naive.port,
      pid: 0,
      upstreams: [upstream],
      ended: () => null,
      faults: () => [],
      async stop() {
        await naive.close();
        await upstream.close();
        return 0;
      },
    };
  };
  const report = await fuzz({ seconds: 60, seed: 1, cases: 500, world });
  const found = report.problems.map(({ what }) => what).join('\n');
  expect(found).toMatch(/protected path|forged identity/);
  expect(report.problems.length).toBeGreaterThan(5);
});
