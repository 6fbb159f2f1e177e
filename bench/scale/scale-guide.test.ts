/** The page docs/guides/scale.md: its command runs unchanged, and its formula matches the simulation. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../test/support/running-command.ts';
import { endedDelays, simulate, type World } from './simulate.ts';

const page = readFileSync('docs/guides/scale.md', 'utf8');
const world: World = {
  replicas: 3,
  redis: true,
  credentials: 100,
  requestsPerSecond: 1_000,
  balance: 'random',
  joins: false,
  skew: 0,
  acceptedS: 30,
  refreshAhead: true,
  seconds: 300,
  seed: 1,
};

describe('the number of replicas', () => {
  it('is simulated by the command on the page', async () => {
    const command = /```sh\n(npm run .*)\n```/.exec(page)?.[1];
    const running = runCommand('sh', ['-c', command!]);
    expect(await running.ended, running.output()).toBe(0);
    expect(running.output()).toMatch(/^\| 20,000 \| 3 \| \d+ \| \d+\.\d % \| \d+ \| \d+\.\d % \|$/m);
  }, 60_000);

  it('follows the formula on the page while credentials are always in use', () => {
    expect(page).toContain('credentials in use / (0.73 x cache.accepted in seconds)');
    const formula = world.credentials / (0.73 * world.acceptedS);
    const shared = simulate(world).callsPerSecond;
    expect(shared / formula).toBeGreaterThan(0.93);
    expect(shared / formula).toBeLessThan(1.07);
    expect(simulate({ ...world, replicas: 12 }).callsPerSecond / formula).toBeLessThan(1.1);
    const alone = simulate({ ...world, redis: false }).callsPerSecond;
    expect(alone / (world.replicas * formula)).toBeGreaterThan(0.85);
    expect(alone / (world.replicas * formula)).toBeLessThan(1.05);
  });

  it('causes at most one call per request', () => {
    const seldom = simulate({ ...world, credentials: 100_000, requestsPerSecond: 100, refreshAhead: false });
    expect(seldom.callsPerSecond).toBeLessThanOrEqual(seldom.requests / world.seconds);
    expect(seldom.waitingShare).toBeGreaterThan(0.9);
  });

  it('is equal for the same seed, and differs for another one', () => {
    expect(simulate(world)).toEqual(simulate(world));
    expect(simulate({ ...world, seed: 2 })).not.toEqual(simulate(world));
  });

  it('has no revoked credential that outlives its verdict', () => {
    const delays = endedDelays(world, 200, 0.1);
    expect(Math.max(...delays)).toBeLessThanOrEqual(world.acceptedS);
    expect(Math.max(...delays)).toBeGreaterThan(world.acceptedS / 2);
  });
});
