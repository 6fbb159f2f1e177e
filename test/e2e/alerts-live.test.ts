/**
 * Alerts in a real Prometheus that scrapes three gateways under mixed traffic: each fires when its cause is produced
 * and clears afterwards, and every dashboard query has data from that run. The rules are the operators' own, with `for`
 * and ranges shortened, so the run takes three minutes instead of an hour.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, dataOf } from '../../bench/dashboards/query.ts';
import { sendTraffic } from '../../bench/dashboards/traffic.ts';
import { Processes } from '../../bench/processes.ts';
import { alertsFile, readRules } from '../../scripts/alerts-page.ts';
import { dashboards } from '../../scripts/dashboard-files.ts';
import { skipHere } from '../support/skip-here.ts';
import { type Remedy, rounds } from './support/alert-causes.ts';
import { type AlertWorld, startAlertWorld } from './support/alert-world.ts';

const program = process.env['TEST_PROMETHEUS'] ?? 'prometheus';
const perSecond = 60;
const patienceMs = 120_000;

/** Ranges of five and ten minutes become 12 and 16 s, and `for` becomes 2 s, with a scrape every 2 s. */
function shortened(rules: string): string {
  return rules
    .replaceAll('[5m]', '[12s]')
    .replaceAll('[10m]', '[16s]')
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

async function firing(): Promise<readonly string[]> {
  const response = await fetch(`${world.prometheus}/api/v1/alerts`);
  const { data } = (await response.json()) as {
    data: { alerts: { labels: { alertname: string }; state: 'pending' | 'firing' }[] };
  };
  return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
}

interface Made extends Remedy {
  readonly alerts: readonly string[];
}

/** Until each alert has fired. Before each check, the causes that must continue run again. */
async function untilFired(made: readonly Made[]): Promise<void> {
  const fired = new Set<string>();
  const missing = async () => {
    const left = made.filter(({ alerts }) => alerts.some((name) => !fired.has(name)));
    for (const { again } of left) await again?.();
    for (const name of await firing()) fired.add(name);
    return left.flatMap(({ alerts }) => alerts.filter((name) => !fired.has(name)));
  };
  await expect.poll(missing, { timeout: patienceMs, interval: 1_000 }).toEqual([]);
}

async function untilQuiet(names: readonly string[]): Promise<void> {
  const left = async () => (await firing()).filter((name) => names.includes(name));
  await expect.poll(left, { timeout: patienceMs, interval: 1_000 }).toEqual([]);
}

describe('alerts', () => {
  const all = rounds.flat().flatMap(({ alerts }) => alerts);

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

  test.each(rounds.map((causes) => [causes.map(({ what }) => what).join('; '), causes] as const))(
    '%s',
    async (_, causes) => {
      const alerts = causes.flatMap((cause) => cause.alerts);
      await untilQuiet(alerts);
      const made: Made[] = [];
      try {
        for (const cause of causes) made.push({ alerts: cause.alerts, ...(await cause.make(world)) });
        await untilFired(made);
      } finally {
        for (const { undo } of made) await undo();
      }
      await untilQuiet(alerts);
    },
    3 * patienceMs + 20_000,
  );
});

test.each(dashboards.map(({ name }) => name))(
  'every query of the dashboard %s has data from this run',
  async (name) => {
    const dashboard = JSON.parse(readFileSync(`monitoring/dashboards/${name}.json`, 'utf8')) as Dashboard;
    const missing: string[] = [];
    const data = await dataOf(dashboard, world, [fromS, Date.now() / 1000], missing);
    expect(missing).toEqual([]);
    expect(data.flatMap(({ series }) => series).length).toBeGreaterThan(5);
  },
);
