/** The example policies: each one is fully tested by its own cases, which detect a change of its rules. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { entriesOf } from '../../../src/core/routing/route-table.ts';
import { runTests } from '../../../src/policy-tools/test-report.ts';
import { runRolegate } from '../../support/running-command.ts';

const env = { ROLEGATE_CACHE_SECRET: 'a secret that is long enough for the examples' };
const folder = 'config/examples';
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''));

/** Removes cases one by one or, in a longer file, in ten parts. */
const maxSingly = 40;

function loaded(name: string): Config {
  const read = loadConfig(`${folder}/${name}.yaml`, env, 'found');
  if (!read.ok) throw new Error('it should load');
  return read.config;
}

test('there are six', () => {
  const known = ['legacy', 'multi-tenant', 'platform', 'public-api', 'several-hosts', 'tenant-platform'];
  expect(names).toEqual(expect.arrayContaining(known));
});

test('the platform has 34 routes and 9 roles', () => {
  const { routes, roles } = loaded('tenant-platform');
  expect([entriesOf(routes.routes).length, roles.size]).toEqual([34, 9]);
});

describe.each(names)('%s', (name) => {
  test('its first line points editors to the schema', () => {
    const [first = ''] = readFileSync(`${folder}/${name}.yaml`, 'utf8').split('\n', 1);
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
    expect(existsSync(join(folder, schema))).toBe(true);
  });

  test('its cases cover every effect of every rule, and detect every weakened rule', async () => {
    const file = `${folder}/${name}.yaml`;
    const command = runRolegate(['test', '--config', file, '--coverage', '100', '--mutation', '100'], env);
    expect([await command.ended, command.output()]).toEqual([
      0,
      expect.stringMatching(/^coverage {2}100 % .*\n(?: .*\n)*mutation {2}100 %/m),
    ]);
  });

  test('without some of its cases, something is not detected or not covered', { timeout: 180_000 }, () => {
    const config = loaded(name);
    const { cases } = config.tests;
    const length = cases.length <= maxSingly ? 1 : Math.ceil(cases.length / 10);
    const parts = Array.from({ length: Math.ceil(cases.length / length) }, (_, part) => part * length);
    const needed = parts.filter((from) => {
      const tests = { ...config.tests, cases: cases.toSpliced(from, length) };
      const { coverage, mutation } = runTests({ ...config, tests }, true).report;
      return coverage.share < 1 || (mutation?.score ?? 1) < 1;
    });
    expect(needed.length).toBeGreaterThan(parts.length / 2);
  });
});
