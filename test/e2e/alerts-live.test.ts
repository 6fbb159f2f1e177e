/**
 * Alerts in a real Prometheus that scrapes three gateways under mixed traffic: each fires when its cause is made and clears
 * afterwards, and every query of the dashboards has data from that run. The rules are those of operators, with their `for` and
 * ranges shortened, so that the run takes three minutes and not an hour.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, dataOf } from '../../bench/dashboards/query.ts';
import { sendTraffic } from '../../bench/dashboards/traffic.ts';
import { adminToken, startWorld, type World } from '../../bench/dashboards/world.ts';
import { Processes } from '../../bench/processes.ts';
import { dashboards } from '../../scripts/dashboard-files.ts';
import { skipHere } from '../support/skip-here.ts';

const program = process.env['TEST_PROMETHEUS'] ?? 'prometheus';
const perSecond = 60;
const patienceMs = 50_000;

/** Ranges of five and ten minutes are 12 and 16 s, and what has to last is 2 s: with a scrape every 2 s. */
function shortened(rules: string): string {
  return rules
    .replaceAll('[5m]', '[12s]')
    .replaceAll('[10m]', '[16s]')
    .replaceAll(/^( +for: )\w+$/gm, '$12s');
}

const processes = new Processes();
let folder: string;
let world: World;
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
  world = await startWorld(processes, folder, program, shortened);
  fromS = Date.now() / 1000;
  traffic = sendTraffic(world, perSecond, () => !over);
}, 120_000);

afterAll(async () => {
  over = true;
  await traffic;
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

/** Until all of these fire, or none of them does. `again` is called before each look. */
async function until(names: readonly string[], fires: boolean, again: Fault['again'] = () => {}): Promise<void> {
  const others = async () => {
    await again();
    const now = await firing();
    return names.filter((name) => now.includes(name) !== fires);
  };
  await expect.poll(others, { timeout: patienceMs, interval: 1_000 }).toEqual([]);
}

async function revoke(): Promise<void> {
  await fetch(`http://127.0.0.1:${world.gateways[0]!.admin}/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userID: 'a-user' }),
  });
}

/** Processes that a gateway has started. */
function workersOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === pid ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Guesses of one client, more than may fail in a window. */
async function guess(): Promise<void> {
  const origin = `http://127.0.0.1:${world.gateways[0]!.port}`;
  const headers = { 'x-forwarded-for': '203.0.113.77' };
  const one = (at: number) =>
    fetch(`${origin}/orders/1`, { headers: { ...headers, authorization: `Bearer guess-${at}` } }).then((response) =>
      response.arrayBuffer(),
    );
  for (let round = 0; round < 10; round += 1)
    await Promise.all(Array.from({ length: 20 }, (_, at) => one(20 * round + at)));
}

interface Fault {
  readonly alerts: readonly string[];
  readonly cause: () => unknown;
  /** What has to go on until the alerts fire. */
  readonly again?: () => unknown;
  readonly remedy: () => unknown;
}

const faults: Readonly<Record<string, Fault>> = {
  'a configuration that does not load, and an Auth API that fails': {
    alerts: ['RolegateReloadRefused', 'RolegateAuthApiFailing', 'RolegateBreakerOpen', 'RolegateServerErrors'],
    cause: () => {
      world.spoil(0, true);
      world.authApi.healthy = false;
    },
    remedy: () => {
      world.spoil(0, false);
      world.authApi.healthy = true;
    },
  },
  'a target that is down, and a service that is slow': {
    alerts: ['RolegateTargetDown', 'RolegateUpstreamQueue'],
    cause: () => {
      Object.assign(world.orders, { healthy: false, failing: 0.3 });
      Object.assign(world.search, { delayMs: 3_000 });
    },
    remedy: () => {
      Object.assign(world.orders, { healthy: true, failing: 0 });
      Object.assign(world.search, { delayMs: 2, broken: 0.2 });
    },
  },
  'a service that is down': {
    alerts: ['RolegateUpstreamDown'],
    cause: () => Object.assign(world.search, { healthy: false, broken: 0 }),
    remedy: () => Object.assign(world.search, { healthy: true }),
  },
  'a Redis that is down, while access is revoked': {
    alerts: ['RolegateRedisFailing', 'RolegateRevocationsDisconnected', 'RolegateRevocationsUndelivered'],
    cause: () => world.stopRedis(),
    again: revoke,
    remedy: () => world.startRedis(),
  },
  'a client that guesses, and workers that die': {
    alerts: ['RolegateAuthenticationThrottled', 'RolegateWorkersRestart'],
    cause: () => {},
    again: async () => {
      const [worker] = workersOf(world.gateways[2]!.pid);
      if (worker !== undefined) process.kill(worker, 'SIGKILL');
      await guess();
    },
    remedy: () => {},
  },
};

describe('alerts', () => {
  const all = Object.values(faults).flatMap(({ alerts }) => alerts);

  test('none fires before its cause', async () => {
    const scraped = async () => {
      const query = encodeURIComponent('count(rate(rolegate_requests_total[12s]) > 0)');
      const response = await fetch(`${world.prometheus}/api/v1/query?query=${query}`);
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length;
    };
    await expect.poll(scraped, { timeout: patienceMs }).toBe(1);
    expect((await firing()).filter((name) => all.includes(name))).toEqual([]);
  });

  test.each(Object.entries(faults))(
    '%s',
    async (_, { alerts, cause, again, remedy }) => {
      await cause();
      try {
        await until(alerts, true, again);
      } finally {
        await remedy();
      }
      await until(alerts, false);
    },
    2 * patienceMs + 20_000,
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
