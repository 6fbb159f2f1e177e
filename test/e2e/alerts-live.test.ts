/**
 * Alerts in a real Prometheus that scrapes three gateways under mixed traffic: each fires when its cause is produced
 * and clears afterwards, and every dashboard query has data from that run. The rules are the operators' own, with `for`
 * and ranges shortened, so the run takes five minutes instead of an hour. The two alerts that page for an outage of the Auth
 * API are also measured with the rules as they are, in a second Prometheus. With `TEST_ALERT_TIMES`, each alert is
 * measured so, and its time is written to monitoring/alert-times.json; a filter of names (`-t`) measures some of them.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AlertTimes, alertsFile, readRules, timesFile } from '../support/alert-rules.ts';
import { type Dashboard, dataOf } from '../support/monitoring/query.ts';
import { sendTraffic } from '../support/monitoring/traffic.ts';
import { Processes } from '../support/processes.ts';
import { skipHere } from '../support/skip-here.ts';
import { outage, rounds } from './support/alert-causes.ts';
import { type AlertWorld, startAlertWorld } from './support/alert-world.ts';
import type { Remedy } from './support/produce-faults.ts';

const program = process.env['TEST_PROMETHEUS'] ?? 'prometheus';
const perSecond = 60;
const measuresAll = process.env['TEST_ALERT_TIMES'] !== undefined;
const patienceMs = measuresAll ? 1_200_000 : 120_000;
/** A page for an outage must not take longer. */
const pagedMs = 90_000;
/** Normal traffic before it: in the longest time to which a rule looks back if every time is measured. */
const goodMs = measuresAll ? 3_900_000 : 75_000;

const shorter = { '1m': '6s', '2m': '10s', '5m': '12s', '10m': '16s', '30m': '16s', '1h': '20s', '6h': '30s' };

/** Ranges become seconds, and `for` becomes 2 s, with a scrape every 2 s. */
function shortened(rules: string): string {
  const ranges = Object.entries(shorter).reduce(
    (text, [long, short]) => text.replaceAll(`[${long}]`, `[${short}]`),
    rules,
  );
  return ranges
    .replaceAll('offset 1h', 'offset 30s')
    .replaceAll('interval: 15s', 'interval: 2s')
    .replaceAll(/^( +for: )\w+$/gm, '$12s');
}

const processes = new Processes();
let folder: string;
let world: AlertWorld;
let traffic: Promise<void>;
let over = false;
let fromS: number;

beforeAll(async () => {
  for (const [command, name] of [
    [program, 'prometheus'],
    ['redis-server', 'redis-server'],
  ] as const) {
    const { error } = spawnSync(command, ['--version']);
    if (error !== undefined) skipHere(`no ${name}: install it (Debian: apt-get install ${name})`);
  }
  folder = mkdtempSync(join(tmpdir(), 'rolegate-alerts-'));
  world = await startAlertWorld(processes, folder, { program, rules: shortened });
  fromS = Date.now() / 1000;
  traffic = sendTraffic(world, perSecond, () => !over);
}, 300_000);

afterAll(async () => {
  over = true;
  await traffic;
  await world?.close();
  processes.stopAll();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** `prometheus`: its origin. */
async function firing(prometheus = measuresAll ? world.shipped : world.prometheus): Promise<readonly string[]> {
  const response = await fetch(`${prometheus}/api/v1/alerts`);
  const { data } = (await response.json()) as {
    data: { alerts: { labels: { alertname: string }; state: 'pending' | 'firing' }[] };
  };
  return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
}

interface Made extends Remedy {
  readonly alerts: readonly string[];
  readonly madeAt: number;
}

/** Seconds from the cause to the alert. */
const times: AlertTimes = {};

/** Until each alert has fired. Before each check, the causes that must continue run again. */
async function untilFired(made: readonly Made[]): Promise<void> {
  const fired = new Set<string>();
  const missing = async () => {
    const left = made.filter(({ alerts }) => alerts.some((name) => !fired.has(name)));
    for (const { again } of left) await again?.();
    for (const name of await firing()) fired.add(name);
    for (const { alerts, madeAt } of left)
      for (const name of alerts.filter((one) => fired.has(one)))
        times[name] ??= Math.round((performance.now() - madeAt) / 1_000);
    return left.flatMap(({ alerts }) => alerts.filter((name) => !fired.has(name)));
  };
  await expect.poll(missing, { timeout: patienceMs, interval: 1_000 }).toEqual([]);
}

async function untilQuiet(names: readonly string[]): Promise<void> {
  // With the real ranges, that takes long, and causes of different rounds do not share alerts.
  if (measuresAll) return;
  const left = async () => (await firing()).filter((name) => names.includes(name));
  await expect.poll(left, { timeout: patienceMs, interval: 1_000 }).toEqual([]);
}

describe('alerts', () => {
  const all = [outage, ...rounds.flat()].flatMap(({ alerts }) => alerts);

  test('each has one cause', () => {
    const { alerts } = readRules(readFileSync(alertsFile, 'utf8'));
    expect(all.toSorted()).toEqual(alerts.map(({ name }) => name).toSorted());
  });

  test('none fires before its cause', async () => {
    const scraped = async () => {
      const query = encodeURIComponent('count(rate(rolegate_requests_total[12s]) > 0)');
      const response = await fetch(`${world.prometheus}/api/v1/query?query=${query}`);
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length;
    };
    await expect.poll(scraped, { timeout: patienceMs }).toBe(1);
    await untilQuiet(all);
  });

  test(
    'those that page for an outage of the Auth API fire within 90 s, with the rules as they are and a scrape every 15 s',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, goodMs));
      const pages = outage.alerts.slice(0, 2);
      const { undo } = await outage.make(world);
      const madeAt = performance.now();
      const took: Record<string, number> = {};
      const late = async () => {
        for (const name of await firing(world.shipped)) took[name] ??= performance.now() - madeAt;
        return pages.filter((name) => took[name] === undefined);
      };
      try {
        await Promise.all([
          expect.poll(late, { timeout: pagedMs, interval: 1_000 }).toEqual([]),
          untilFired([{ alerts: outage.alerts, madeAt, undo }]),
        ]);
      } finally {
        await undo();
      }
      for (const name of pages) times[name] = Math.round(took[name]! / 1_000);
      process.stdout.write(`rules as they are: ${pages.map((name) => `${name} after ${times[name]} s`).join(', ')}\n`);
      await untilQuiet(outage.alerts);
    },
    goodMs + 2 * patienceMs,
  );

  test.each(rounds.map((causes) => [causes.map(({ what }) => what).join('; '), causes] as const))(
    '%s',
    async (_, causes) => {
      const alerts = causes.flatMap((cause) => cause.alerts);
      await untilQuiet(alerts);
      const made: Made[] = [];
      try {
        for (const cause of causes)
          made.push({ alerts: cause.alerts, madeAt: performance.now(), ...(await cause.make(world)) });
        await untilFired(made);
      } finally {
        for (const { undo } of made) await undo();
      }
      await untilQuiet(alerts);
    },
    3 * patienceMs + 20_000,
  );
});

test('every alert has a time', () => {
  const rows = Object.entries(times).map(([name, s]) => `${name.padEnd(34)}${String(s).padStart(4)} s\n`);
  process.stdout.write(
    `${measuresAll ? 'rules as they are' : 'shortened rules, but for the two above'}:\n${rows.join('')}`,
  );
  // Of the causes that this run produced.
  const known: AlertTimes = measuresAll ? { ...JSON.parse(readFileSync(timesFile, 'utf8')), ...times } : times;
  if (measuresAll) writeFileSync(timesFile, `${JSON.stringify(known, null, 2)}\n`);
  expect(Object.keys(known)).toHaveLength(Object.keys(readRules(readFileSync(alertsFile, 'utf8')).alerts).length);
});

test.each(globSync('*.json', { cwd: 'monitoring/dashboards' }).map((file) => basename(file, '.json')))(
  'every query of the dashboard %s has data from this run',
  async (name) => {
    const dashboard = JSON.parse(readFileSync(`monitoring/dashboards/${name}.json`, 'utf8')) as Dashboard;
    const missing: string[] = [];
    const data = await dataOf(dashboard, world, [fromS, Date.now() / 1000], missing);
    expect(missing).toEqual([]);
    expect(data.flatMap(({ series }) => series).length).toBeGreaterThan(5);
  },
);
