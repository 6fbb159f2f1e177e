/**
 * Devices that have signed in before, known by a value that they keep: for each person a random id, its end, and a keyed hash over both and
 * the user. A network is shared with strangers and changes; a device is not. The value names no one and admits no one: it only keeps the
 * attempts of strangers apart. Each sign-in renews it, under the current secret.
 */
import { randomBytes } from 'node:crypto';
import type { KeyedHashes } from '../secrets/keyed-hashes.ts';
import { familiarMs } from './budgets.ts';

/** People who sign in at one device; beyond it, the one who did so longest ago is forgotten. */
const maxPeople = 5;

/** id, seconds of its end, hash. */
const entryForm = /^[\w-]{16}\.\d{10}\.[\w-]{43}$/;

export const maxDeviceLength: number = maxPeople * (16 + 1 + 10 + 1 + 43 + 1);

export interface DeviceKeys {
  readonly hashes: Pick<KeyedHashes, 'device' | 'isDevice'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The id of the device for this user; null: it is not known. `kept`: what the device brought; empty: nothing. */
export function deviceOf(kept: string, userId: string, keys: DeviceKeys): string | null {
  const entry = entriesIn(kept).find((one) => isOf(one, userId, keys));
  return entry === undefined ? null : entry.slice(0, entry.indexOf('.'));
}

/** What the device keeps from now on, after the user has signed in. The id remains, and with it the count of its failures. */
export function rememberDevice(kept: string, userId: string, keys: DeviceKeys): string {
  const { hashes, now } = keys;
  const id = deviceOf(kept, userId, keys) ?? randomBytes(12).toString('base64url');
  const end = String(Math.floor((now() + familiarMs) / 1000));
  const others = entriesIn(kept).filter((one) => !isOf(one, userId, keys));
  return [`${id}.${end}.${hashes.device(id, end, userId)}`, ...others].slice(0, maxPeople).join('~');
}

function entriesIn(kept: string): readonly string[] {
  return kept
    .slice(0, maxDeviceLength)
    .split('~')
    .filter((one) => entryForm.test(one));
}

function isOf(entry: string, userId: string, { hashes, now }: DeviceKeys): boolean {
  const [id = '', end = '', hash = ''] = entry.split('.');
  return hashes.isDevice(hash, id, end, userId) && Number(end) * 1000 > now();
}
