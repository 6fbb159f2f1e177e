/** The table of the comparison: its figures, and rows of what was not measured. */
import { expect, test } from 'vitest';
import { mixed, relayed } from '../load/requests.ts';
import { type CaseResults, chart, figures, judged } from './report.ts';

/** Rounds of one second with 1,000 requests. */
function results(name: string, ...cpuUs: readonly number[]): CaseResults {
  const saturated = cpuUs.map((us) => ({ requests: 1_000, seconds: 1, cpuUs: us * 1_000, p50Ms: 1, p99Ms: 2 }));
  return { name, what: 'a load', saturated, even: [], paced: [], residentBytes: 50 * 1024 * 1024 };
}

test('a row has the median of the rounds, and their extremes', () => {
  expect(figures([results('rolegate mixed', 50, 40, 90)], [])).toContain(
    '| rolegate mixed | a load | 50.0 (40.0 - 90.0) | - | 1000 | - | - | 50 |',
  );
});

test('what is missing is a row with the reason', () => {
  expect(figures([], [{ name: 'Heimdall mixed', reason: 'HEIMDALL_BIN names no program' }])).toContain(
    '| Heimdall mixed | not measured: HEIMDALL_BIN names no program | - |',
  );
});

test('figures of another run are marked, and so is their version', () => {
  const earlier = { version: '0.17.18', date: 'November 2026', cpuUs: 191, perSecond: 4_683, megabytes: 77 };
  expect(figures([], [{ name: 'Heimdall mixed', reason: 'no program', earlier }])).toContain(
    '| not of this run: measured earlier with version 0.17.18, November 2026 | 191 | - | 4683 | - | - | 77 |',
  );
});

test('ratios are those of the same round', () => {
  const all = [results('rolegate mixed', 60, 30), results('nginx auth_request mixed', 40, 20)];
  expect(judged(all)).toContain(
    'saturated: rolegate mixed / nginx auth_request mixed: 1.50 - 1.50 - 1.50, aim 1.2: NOT met',
  );
});

test('a case without its rival is not judged', () => {
  expect(judged([results('rolegate mixed', 60)])).toEqual([]);
});

test('the chart has the mixed workload of each, and not the variants of one', () => {
  const names = ['rolegate mixed', 'rolegate repeated', 'Traefik with Rolegate mixed', 'check, reconnecting'];
  const drawn = chart(names.map((name) => results(name, 50)));
  expect(names.filter((name) => drawn.includes(`>${name}<`))).toEqual([
    'rolegate mixed',
    'Traefik with Rolegate mixed',
  ]);
});

test('of 40 requests of the mixed workload two are refused, four are POSTs, and a relay gets the others', () => {
  const { cycle = [] } = mixed;
  expect(cycle.length).toBe(40);
  expect(cycle.map(({ status }) => status).filter((status) => status !== 200)).toEqual([401, 403]);
  expect(cycle.filter(({ request }) => request.startsWith('POST '))).toHaveLength(4);
  expect(new Set(cycle.map(({ request }) => request.split('/')[1]))).toEqual(new Set(['private', 'public', 'admin']));
  expect(relayed.cycle).toEqual(cycle.filter(({ status }) => status === 200));
});
