/** The flame graph of a profile: shares of busy time from a given moment, without local paths. */
import { expect, test } from 'vitest';
import { type CpuProfile, flameGraph } from './flame-graph.ts';

const root = 'file:///somewhere/project/';
const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 6] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('serve', `${root}src/entrypoints/proxy/create-proxy.ts`, 9), children: [4, 5] },
    { id: 4, callFrame: frame('decide', `${root}src/core/decide.ts`, 37) },
    { id: 5, callFrame: frame('write<T>', 'node:net', 4) },
    { id: 6, callFrame: frame('', `${root}node_modules/pino/pino.js`, 0) },
  ],
  samples: [4, 2, 3, 4, 5, 6],
  timeDeltas: [1_000, 5_000, 100, 200, 100, 600],
};
const titles = (fromUs: number) =>
  [...flameGraph(profile, { title: 'x', fromUs, root }).matchAll(/<title>(.*?)<\/title>/g)].map(([, text]) => text);

test('lists shares of busy time, the widest first', () => {
  expect(titles(2_000)).toEqual([
    'busy  100.0 %',
    '(anonymous) node_modules/pino/pino.js:1 60.0 %',
    'serve src/entrypoints/proxy/create-proxy.ts:10 40.0 %',
    'decide src/core/decide.ts:38 20.0 %',
    'write&lt;T&gt; node:net:5 10.0 %',
  ]);
});

test('includes earlier samples when the start is earlier', () => {
  expect(titles(0)).toContain('decide src/core/decide.ts:38 60.0 %');
});

test('frames are as wide as their share and sit on their caller', () => {
  const svg = flameGraph(profile, { title: 'x', fromUs: 2_000, root });
  const rects = [...svg.matchAll(/<title>(\S*).*?<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map(
    ([, name, x, y, width]) => [name, Number(x), Number(y), Number(width)] as const,
  );
  const [busy, pino, serve, decide] = rects;
  expect([busy?.[3], pino?.[3], serve?.[3], decide?.[3]]).toEqual([1168, 700.8, 467.2, 233.6]);
  expect(decide?.[1]).toBe(serve?.[1]);
  expect(decide?.[2]).toBeLessThan(serve![2]);
  expect(svg).not.toContain('somewhere');
});
