/**
 * Which peers may set `X-Forwarded-*` for a client. Addresses are compared as numbers, so different spellings (IPv4 in IPv6, leading zeros,
 * zones) cannot be confused.
 */

/** Whether the address, in the text form of a socket, is in one of the ranges. */
export type TrustedProxies = (address: string) => boolean;

/** A parsed range: its address as a number of `bits` bits, the first `prefix` of which matter. */
interface Range {
  readonly value: bigint;
  readonly bits: 32 | 128;
  readonly prefix: number;
}

/** Compiles CIDR ranges or single addresses; throws `RangeError` naming the first bad one. */
export function compileTrustedProxies(ranges: readonly string[]): TrustedProxies {
  const compiled = ranges.map((range) => {
    const parsed = parseCidr(range);
    if (parsed === null) throw new RangeError(`not an address or CIDR range: ${range}`);
    return parsed;
  });
  if (compiled.length === 0) return () => false;
  const stretches = { 32: stretchesOf(compiled, 32), 128: stretchesOf(compiled, 128) };
  return (address) => {
    const parsed = parseAddress(address);
    return parsed !== null && isWithin(stretches[parsed.bits], parsed.value);
  };
}

/** From each first address up to the one after the last; sorted and disjoint. */
interface Stretches {
  readonly firsts: readonly bigint[];
  readonly nexts: readonly bigint[];
}

function stretchesOf(ranges: readonly Range[], bits: 32 | 128): Stretches {
  const own = ranges.filter((range) => range.bits === bits).sort((a, b) => (a.value < b.value ? -1 : 1));
  const firsts: bigint[] = [];
  const nexts: bigint[] = [];
  for (const { value, prefix } of own) {
    const next = value + (1n << BigInt(bits - prefix));
    const last = nexts.length - 1;
    if (last >= 0 && value <= nexts[last]!) nexts[last] = next > nexts[last]! ? next : nexts[last]!;
    else {
      firsts.push(value);
      nexts.push(next);
    }
  }
  return { firsts, nexts };
}

/** Binary search, because a list can be long. */
function isWithin({ firsts, nexts }: Stretches, value: bigint): boolean {
  let [low, high] = [0, firsts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (firsts[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value < nexts[low - 1]!;
}

/** Reads `10.0.0.0/8`, `::1/128` or a single address; null if it is invalid or has bits beyond its prefix. */
export function parseCidr(text: string): Range | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  if (slash < 0) return { ...address, prefix: address.bits };
  const digits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return null;
  const prefix = Number(digits);
  if (prefix > address.bits) return null;
  const rest = (1n << BigInt(address.bits - prefix)) - 1n;
  return (address.value & rest) === 0n ? { ...address, prefix } : null;
}

/** Whether the ranges together contain every IPv4 or every IPv6 address. */
export function holdEveryAddress(ranges: readonly string[]): boolean {
  return holdWhole(ranges, '0.0.0.0/0') || holdWhole(ranges, '::/0');
}

/** Whether the ranges together contain every address of `block`, which is valid CIDR text. */
export function holdWhole(ranges: readonly string[], block: string): boolean {
  const { value, bits, prefix } = parseCidr(block)!;
  const { firsts, nexts } = stretchesOf(
    ranges.map(parseCidr).filter((range) => range !== null),
    bits,
  );
  const next = value + (1n << BigInt(bits - prefix));
  return firsts.some((first, index) => first <= value && next <= nexts[index]!);
}

/** An IPv4 address in IPv6 (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2) counts as the IPv4 address. */
export function parseAddress(text: string): { value: bigint; bits: 32 | 128 } | null {
  if (!text.includes(':')) {
    const value = parseIpv4(text);
    return value === null ? null : { value, bits: 32 };
  }
  const value = parseIpv6(text);
  if (value === null) return null;
  return value >> 32n === 0xffffn ? { value: value & 0xffffffffn, bits: 32 } : { value, bits: 128 };
}

const dottedForm = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Without leading zeros, which some parsers read as octal. */
function parseIpv4(text: string): bigint | null {
  const [, ...parts] = dottedForm.exec(text) ?? [];
  if (parts.length === 0) return null;
  let value = 0;
  for (const part of parts) {
    const byte = Number(part);
    if (byte > 255 || (part.length > 1 && part.startsWith('0'))) return null;
    value = value * 256 + byte;
  }
  return BigInt(value);
}

function parseIpv6(text: string): bigint | null {
  let source = text;
  const dotted = source.includes('.') ? source.lastIndexOf(':') : -1;
  if (dotted >= 0) {
    const v4 = parseIpv4(source.slice(dotted + 1));
    if (v4 === null) return null;
    source = `${source.slice(0, dotted + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return null;
  const left = groupsOf(halves[0] ?? '');
  const right = halves.length === 2 ? groupsOf(halves[1] ?? '') : [];
  if (left === null || right === null) return null;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...new Array<bigint>(missing).fill(0n), ...right];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

function groupsOf(text: string): bigint[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => BigInt(`0x${group}`)) : null;
}
