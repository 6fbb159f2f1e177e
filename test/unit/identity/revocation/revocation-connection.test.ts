import { expect, test } from 'vitest';
import { RevocationConnection } from '../../../../src/identity/revocation/revocation-connection.ts';

test('a process that shares nothing is always connected', () => {
  const connection = new RevocationConnection({ whileDisconnectedMs: 1_000, shared: false });
  connection.lost();
  expect(connection.isConnected(1e15)).toBe(true);
  expect(connection.oldestMs(1e15)).toBe(Number.NEGATIVE_INFINITY);
  expect(connection.connectedUntilMs).toBe(Number.POSITIVE_INFINITY);
});

test('a process that shares is disconnected until a ping succeeds', () => {
  const connection = new RevocationConnection({ whileDisconnectedMs: 1_000, shared: true });
  expect(connection.isConnected(5_000)).toBe(false);
  expect(connection.oldestMs(5_000)).toBe(4_000);
  connection.proven(5_000);
  expect(connection.oldestMs(5_999)).toBe(Number.NEGATIVE_INFINITY);
  expect(connection.oldestMs(6_000)).toBe(5_000);
});

test('a proof lasts from the time when the ping was sent, and an older one never shortens it', () => {
  const connection = new RevocationConnection({ whileDisconnectedMs: 1_000, shared: true });
  connection.proven(5_250);
  connection.proven(5_000);
  expect(connection.connectedUntilMs).toBe(6_250);
});

test('a lost connection is no longer proven', () => {
  const connection = new RevocationConnection({ whileDisconnectedMs: 1_000, shared: true });
  connection.proven(5_000);
  connection.lost();
  expect(connection.isConnected(5_001)).toBe(false);
  connection.proven(5_002);
  expect(connection.isConnected(5_003)).toBe(true);
});
