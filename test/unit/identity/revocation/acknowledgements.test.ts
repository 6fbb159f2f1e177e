import { expect, test } from 'vitest';
import { Acknowledgements, presentName, readPresent } from '../../../../src/identity/revocation/acknowledgements.ts';

const replica = (digit: string) => ({
  replicaId: `${digit.repeat(8)}-0000-4000-8000-000000000000`,
  whileDisconnectedMs: 100,
});
const [a, b] = [replica('a'), replica('b')] as const;

test('waits for every one, in any order, also before it knows for whom', async () => {
  const all = new Acknowledgements();
  all.expect('r');
  all.acknowledge('r', b.replicaId);
  const silent = all.all('r', [a, b]);
  all.acknowledge('another', a.replicaId);
  all.acknowledge('r', a.replicaId);
  expect(await silent).toEqual([]);
  expect(all.size).toBe(0);
});

test('nobody to wait for', async () => {
  const all = new Acknowledgements();
  all.expect('r');
  expect(await all.all('r', [])).toEqual([]);
});

test('one that stays silent is waited for as long as it may believe what it has', async () => {
  const all = new Acknowledgements();
  all.expect('r');
  const beganAt = performance.now();
  const silent = all.all('r', [a, b]);
  all.acknowledge('r', a.replicaId);
  expect(await silent).toEqual([b]);
  expect(performance.now() - beganAt).toBeGreaterThanOrEqual(100);
});

test('the end of the process ends every wait', async () => {
  const all = new Acknowledgements();
  all.expect('r');
  const silent = all.all('r', [{ ...a, whileDisconnectedMs: 60_000 }]);
  all.close();
  expect(await silent).toHaveLength(1);
});

test('a name among the replicas comes back as it was, and no wait is longer than any that may be configured', () => {
  expect(readPresent(presentName(a))).toEqual(a);
  expect(readPresent(`${a.replicaId} 999999`)).toEqual({ ...a, whileDisconnectedMs: 10_000 });
  for (const name of ['', 'x 1', a.replicaId, `${a.replicaId} -1`, `${a.replicaId} 1 1`]) {
    expect(readPresent(name)).toBeNull();
  }
});
