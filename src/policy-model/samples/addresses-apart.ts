/** Addresses that tell ranges apart. */
import type { Step } from '../../core/policy/conditions.ts';
import { parseCidr } from '../../core/syntax/addresses.ts';
import { listedAddresses } from './list-samples.ts';

/** One address per stretch whose addresses all lie in the same ranges. Documentation addresses come first (RFC 5737, RFC 3849). */
export function addressesApart(steps: readonly Step[]): readonly string[] {
  const first = { 32: new Set([0n]), 128: new Set([0n, afterMapped]) };
  for (const step of steps) {
    for (const text of step.kind === 'address' && step.list === null ? step.ranges : []) {
      const range = parseCidr(text);
      if (range === null) continue;
      const { value, bits, prefix } = range;
      const next = value + (1n << BigInt(bits - prefix));
      first[bits].add(value);
      if (next < 1n << BigInt(bits)) first[bits].add(next);
    }
  }
  return [
    '203.0.113.7',
    ...[...first[32]].map((value) => addressText(value, 4, 8, 10, '.')),
    '2001:db8::7',
    ...[...first[128]].map((value) => addressText(value, 8, 16, 16, ':')),
    ...listedAddresses(steps),
  ];
}

/** The first address after those that represent IPv4 (`::ffff:0:0/96`). */
const afterMapped = 1n << 48n;

function addressText(value: bigint, parts: number, bits: number, base: number, separator: string): string {
  const part = (index: number) => (value >> BigInt(bits * (parts - 1 - index))) & ((1n << BigInt(bits)) - 1n);
  return Array.from({ length: parts }, (_, index) => part(index).toString(base)).join(separator);
}
