/** Figures that pages quote from `npm run bench:compare` must match its last results. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { CaseResults } from '../../../bench/compare/report.ts';
import { cpuPerRequest } from '../../../bench/load/load.ts';
import { median } from '../../../bench/report.ts';

const { results } = JSON.parse(readFileSync('bench/results/compare.json', 'utf8')) as { results: CaseResults[] };
const caseOf = (name: string): CaseResults => {
  const found = results.find((one) => one.name === name);
  if (found === undefined) throw new Error(`bench/results/compare.json has no "${name}"`);
  return found;
};
const ratio = (load: 'saturated' | 'even', over: string, under: string) =>
  median(
    caseOf(over)[load].map((one, round) => cpuPerRequest(one) / cpuPerRequest(caseOf(under)[load][round]!)),
  ).toFixed(2);

const mixed = caseOf('rolegate mixed');
const cpuUs = median(mixed.saturated.map(cpuPerRequest)).toFixed(1);
const evenCpuUs = median(mixed.even.map(cpuPerRequest)).toFixed(1);
const perSecond = median(mixed.saturated.map(({ requests, seconds }) => requests / seconds)).toFixed(0);
// Of all workloads: a plan must suffice for each.
const resident = results.filter(({ name }) => name.startsWith('rolegate ')).map(({ residentBytes }) => residentBytes);
const megabytes = (Math.max(...resident) / 1024 / 1024).toFixed(0);
const overNginx = ratio('saturated', 'rolegate mixed', 'nginx auth_request mixed');
const overNginxEven = ratio('even', 'rolegate mixed', 'nginx auth_request mixed');
const overCaddy = ratio('saturated', 'rolegate mixed', 'caddy forward_auth');

const textOf = (path: string) => readFileSync(path, 'utf8').replaceAll(/\s+/g, ' ');

test.each([
  `a request costs ${cpuUs} µs of CPU with authentication`,
  `That is ${overNginx} times nginx \`auth_request\` with cached results`,
  `and ${overCaddy} times Caddy \`forward_auth\``,
  `At 4,000 requests per second it is ${overNginxEven} times nginx`,
  `and ${megabytes} MB per process`,
])('README.md: %s', (sentence) => {
  expect(textOf('README.md')).toContain(sentence);
});

test.each([
  `a core handled ${perSecond.replace(/\B(?=(\d{3})+$)/g, ',')} requests per second`,
  `A request costs ${cpuUs} µs of CPU at full load and ${evenCpuUs} µs at 4,000 requests per second`,
  `Plan ${megabytes} MB for the process under load`,
])('docs/guides/scale.md: %s', (sentence) => {
  expect(textOf('docs/guides/scale.md')).toContain(sentence);
});
