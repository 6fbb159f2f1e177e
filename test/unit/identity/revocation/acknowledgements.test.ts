import { expect, test } from 'vitest';
import { Acknowledgements, presentName, readPresent } from '../../../../src/identity/revocation/acknowledgements.ts';

const replica = (digit: string) => ({
  replicaId: `${digit.repeat(8)}-0000-4000-8000-000000000000`,
  whileDisconnectedMs: 100,
});
const [a, b] = [replica('a'), replica('b')] as const;

test('waits for all acknowledgements in any order, including those that arrive before the list of replicas', async () => {
  const all = new Acknowledgements();
  all.expect('r');
  all.acknowledge('r', b.replicaId);
  const silent = all.all('r', [a, b]);
  all.acknowledge('another', a.replicaId);
  all.acknowledge('r', a.replicaId);
  expect(await silent).toEqual([]);
  expect(all.size).toBe(0);
});

test('does not wait without other replicas', async () => {
  const all = new Acknowledgements();
  all.expect('r');
  expect(await all.all('r', [])).toEqual([]);
});

test('waits for a silent replica as long as it may serve its cached verdicts', async () => {
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

test('the presence name of a replica survives the round trip, and no wait exceeds the longest configurable one', () => {
  expect(readPresent(presentName(a))).toEqual(a);
  expect(readPresent(`${a.replicaId} 999999`)).toEqual({ ...a, whileDisconnectedMs: 10_000 });
  for (const name of ['', 'x 1', a.replicaId, `${a.replicaId} -1`, `${a.replicaId} 1 1`]) {
    expect(readPresent(name)).toBeNull();
  }
});
