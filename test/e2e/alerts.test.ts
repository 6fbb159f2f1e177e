/** Each alert is silent before its cause, fires with it and clears after it, in Prometheus' own rule tests. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Alert, alertsFile, readRules } from '../support/alert-rules.ts';
import { type ConfigFolder, createConfigFolder } from '../support/config-folder.ts';
import { skipHere } from '../support/skip-here.ts';
import { type AlertCase, alertCases, outage, pages, silentCases, withoutHistory } from './support/alert-cases.ts';

const { alerts } = readRules(readFileSync(alertsFile, 'utf8'));
let folder: ConfigFolder;
beforeAll(() => {
  folder = createConfigFolder();
});
afterAll(() => folder.remove());

function promtool(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  if (error !== undefined) skipHere('no promtool: install it (Debian: apt-get install prometheus)');
  return { status, said: stdout + stderr };
}

/** What a rule test expects of an alert: that it fires once with these labels, or not at all. */
function expected({ name, severity, annotations }: Alert, { labels, value }: AlertCase): object {
  const told = (text: string) =>
    text
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
      .replaceAll(/\{\{ \$value[^}]*\}\}/g, value ?? '(no value)');
  const texts = Object.fromEntries(Object.entries(annotations).map(([key, text]) => [key, told(text)]));
  return { exp_labels: { ...labels, severity }, exp_annotations: texts, alertname: name };
}

type Expectation = readonly [at: string, fires: readonly object[]];

function rulesTest(name: string, series: AlertCase['series'], expectations: readonly Expectation[]): string {
  return stringify({
    rule_files: [fileURLToPath(alertsFile)],
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
        alert_rule_test: expectations.map(([at, fires]) => ({ eval_time: at, alertname: name, exp_alerts: fires })),
      },
    ],
  });
}

function testOf(alert: Alert, one: AlertCase, fires: readonly [boolean, boolean, boolean]): string {
  const { alertname: _, ...firing } = expected(alert, one) as { readonly alertname: string };
  const expectations = one.at.map((minute, index): Expectation => [`${minute}m`, fires[index] ? [firing] : []]);
  return rulesTest(alert.name, one.series, expectations);
}

test('promtool accepts the file', () => {
  const { status, said } = promtool('check', 'rules', '--lint=all', '--lint-fatal', fileURLToPath(alertsFile));
  expect(status, said).toBe(0);
});

test('every alert has a case, and every case an alert', () => {
  expect(Object.keys(alertCases).sort()).toEqual(alerts.map(({ name }) => name).sort());
});

test.each(alerts.map((alert) => [alert.name, alert] as const))('%s is silent, fires and clears', (name, alert) => {
  const file = folder.write(`${name}.yaml`, testOf(alert, alertCases[name]!, [false, true, false]));
  const { status, said } = promtool('test', 'rules', file);
  expect(status, said).toBe(0);
});

test.each(silentCases)('%s: %s stays silent', (_, name, series, hours) => {
  const minutes = Array.from({ length: 60 * hours }, (_, minute): Expectation => [`${minute + 1}m`, []]);
  const file = folder.write('silent.yaml', rulesTest(name, series, minutes));
  const { status, said } = promtool('test', 'rules', file);
  expect(status, said).toBe(0);
});

test.each(withoutHistory)('%s: %s fires', (_, name, minute, one) => {
  const alert = alerts.find((candidate) => candidate.name === name)!;
  const { alertname: __, ...firing } = expected(alert, one) as { readonly alertname: string };
  const file = folder.write('without-history.yaml', rulesTest(name, one.series, [[`${minute}m`, [firing]]]));
  const { status, said } = promtool('test', 'rules', file);
  expect(status, said).toBe(0);
});

test.each(Object.entries(pages))(
  'an outage of the Auth API after a good hour: %s fires within 75 s, and 15 s later at worst if scrapes and evaluations alternate',
  (name, labels) => {
    const file = folder.write(
      'outage.yaml',
      rulesTest(name, outage, [
        ['60m', []],
        ['61m15s', []],
      ]),
    );
    const { said } = promtool('test', 'rules', file);
    // Not silent at the second time, and silent at the first.
    expect(said).toMatch(/time: 1h1m15s/);
    expect(said).not.toMatch(/time: 1h0m0s/);
    expect(said).toContain(Object.entries(labels).map(([key, value]) => `${key}="${value}"`)[0]);
  },
);

test('control: finds an alert that does not fire, or does not clear', () => {
  const alert = alerts.find(({ name }) => name === 'RolegateReloadRefused')!;
  for (const fires of [
    [false, false, false],
    [true, true, false],
    [false, true, true],
  ] as const) {
    const file = folder.write('control.yaml', testOf(alert, alertCases[alert.name]!, fires));
    expect(promtool('test', 'rules', file).status).not.toBe(0);
  }
});
