/** The conformance suite against the Auth API as a process, and through a gateway in front of it or embedding it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConformanceCase, readCases } from '../conformance/auth-api/conformance-case.ts';
import { isRunnable, runCase } from '../conformance/auth-api/run-case.ts';
import { putGatewayBefore, startEmbedded } from '../conformance/auth-api/start-behind-gateway.ts';
import { prepareStandalone, type Standalone } from '../conformance/auth-api/start-standalone.ts';
import type { StartTarget, TargetLimits } from '../conformance/auth-api/target.ts';

const cases: (readonly [string, ConformanceCase])[] = [...readCases()].flatMap(([file, items]) =>
  items.map((item) => [`${file}: ${item.name}`, item] as const),
);

let standalone: Standalone;

beforeAll(async () => {
  standalone = await prepareStandalone();
});

afterAll(() => standalone.remove());

const kinds: Readonly<Record<string, { start: StartTarget; limits: TargetLimits }>> = {
  'the standalone process': {
    start: (settings) => standalone.start(settings),
    limits: { advanceMs: 1_000, welcomes: true, direct: true },
  },
  'the standalone process through the gateway': {
    start: async (settings) => putGatewayBefore(await standalone.start(settings)),
    limits: { advanceMs: 1_000, welcomes: true, direct: false },
  },
  'the embedded one through its gateway': {
    start: startEmbedded,
    limits: { advanceMs: 1_000, welcomes: false, direct: false },
  },
};

describe.each(Object.entries(kinds))('%s', (_, { start, limits }) => {
  const runnable = cases.filter(([, item]) => isRunnable(item, limits));

  it.concurrent.each(runnable)('%s', async (_name, item) => {
    const target = await start(item.settings);
    try {
      await runCase(item, target);
    } finally {
      await target.close();
    }
  });

  it('runs nearly every case', () => {
    expect(runnable.length / cases.length).toBeGreaterThan(0.75);
  });
});
