/** The kinds of value that keys share: durations, sizes, addresses, origins, header names, paths, names. */
import { z } from 'zod';
import { parseCidr } from '../../core/syntax/addresses.ts';
import { token } from '../../core/syntax/header-fields.ts';
import { canonicalHost } from '../../core/url/canonical-host.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { Problem } from '../problem.ts';
import { type Address, parseInheritedSocket, parseListenAddress } from '../units/parse-address.ts';
import { parseOrigin } from '../units/parse-origin.ts';
import {
  durationPattern,
  formatDuration,
  parseDuration,
  parseMoment,
  parseSize,
  sizePattern,
} from '../units/quantities.ts';
import type { Bytes, Milliseconds } from './in-units.ts';
import { type Json, scalar, text } from './scalar.ts';

/** Timers of the runtime overflow beyond 2^31 - 1 ms. */
const maxDurationMs = 24 * 86_400_000;

/** Milliseconds. */
export function duration(minMs = 1, maxMs: number = maxDurationMs) {
  return text(
    'a duration with a unit, such as 500ms, 5s, 2m or 1h',
    (value) => {
      const ms = parseDuration(value);
      if (ms === null) return new Problem('expected a duration with a unit, such as 500ms, 5s, 2m or 1h');
      if (ms < minMs)
        return new Problem(minMs === 1 ? 'zero has no meaning here' : `at least ${formatDuration(minMs)}`);
      return ms > maxMs ? new Problem(`at most ${formatDuration(maxMs)}`) : (ms as Milliseconds);
    },
    durationPattern,
  ).meta({ unit: 'ms' });
}

export const momentPattern = '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{5,8}(?:\\.[0-9]{1,3})?(?:Z|[+-][0-9]{2}:[0-9]{2})';

/** Milliseconds since 1970. */
export function moment() {
  const expected = 'a time with date and zone, such as 2026-12-01T00:00:00Z';
  return text(expected, (value) => parseMoment(value) ?? new Problem(`expected ${expected}`), momentPattern);
}

/** Bytes. */
export function size(minBytes: number, maxBytes: number) {
  const expected = 'a size with a unit, such as 16kb or 10mb';
  return text(expected, (value) => readSize(value, minBytes, maxBytes, expected), sizePattern).meta({
    unit: 'bytes',
  });
}

/** Bytes, or `Infinity` for "unlimited". */
export function sizeOrUnlimited() {
  const expected = 'a size with a unit, such as 16kb or 10mb, or "unlimited"';
  return text(
    expected,
    (value) => (value === 'unlimited' ? (Infinity as Bytes) : readSize(value, 0, Number.MAX_SAFE_INTEGER, expected)),
    `${sizePattern}|unlimited`,
  ).meta({ unit: 'bytes' });
}

function readSize(value: string, least: number, most: number, expected: string): Bytes | Problem {
  const bytes = parseSize(value);
  if (bytes === null) return new Problem(`expected ${expected}`);
  if (bytes < least) return new Problem(`at least ${least} bytes`);
  return bytes > most ? new Problem(`at most ${most} bytes`) : (bytes as Bytes);
}

const addressExpected = 'an address to listen on, such as ":8080", "127.0.0.1:9090" or "[::1]:80"';

export function address() {
  return text(addressExpected, (value) => parseListenAddress(value) ?? new Problem(`expected ${addressExpected}`));
}

export function addressOrFalse() {
  return placeOrFalse(parseListenAddress);
}

/** Also an inherited socket, `fd:3`. */
export function listenerOrFalse() {
  return placeOrFalse(parseListener);
}

export function listener() {
  return text(addressExpected, (value) => parseListener(value) ?? new Problem(`expected ${addressExpected}`));
}

function parseListener(value: string): Address | null {
  return parseInheritedSocket(value) ?? parseListenAddress(value);
}

function placeOrFalse(parse: (value: string) => Address | null) {
  const json: Json = { type: ['string', 'boolean'], anyOf: [{ type: 'string' }, { const: false }] };
  return scalar(json, (value): Address | null | Problem => {
    if (value === false || value === 'false') return null;
    const read = typeof value === 'string' ? parse(value) : null;
    return read ?? new Problem(`expected ${addressExpected}, or false`);
  });
}

export function cidr() {
  const expected = 'an IP address or a CIDR range, such as 10.0.0.0/8';
  return text(expected, (value) => {
    if (parseCidr(value) !== null) return value;
    const host = value.includes('/') && parseCidr(value.slice(0, value.indexOf('/'))) !== null;
    return new Problem(`expected ${expected}`, host ? 'bits beyond the prefix must be zero' : null);
  });
}

/** `scheme://host:port`; the hint explains where a path belongs. */
export function origin(pathHint: string) {
  return text(
    'the base URL of a service, such as "http://orders-1:8080"',
    (value) => parseOrigin(value, pathHint),
    'https?://[^/?#@]+/?',
  );
}

/** Lower case, without port. */
export function hostName() {
  const expected = 'the name of a host, such as "gate.example.test"';
  return text(expected, (value) => {
    const host = canonicalHost(value);
    if (host === null || host.startsWith('[')) return new Problem(`expected ${expected}`);
    return value.includes(':') ? new Problem(`expected ${expected}`, 'remove the port') : host;
  });
}

/** Lower case. */
export function headerName() {
  return text('the name of a header', (value) => {
    if (value.length > 100 || !token.test(value))
      return new Problem('expected the name of a header, such as "api-key"');
    return value.toLowerCase();
  });
}

/** A name, or a prefix of at least two characters and "*"; a shorter one would match too much. */
export function headerNames() {
  return text('the name of a header, or the beginning of names and "*"', (value) => {
    const [name = '', ...rest] = value.split('*');
    const whole = value === name || (rest.length === 1 && rest[0] === '' && name.length > 1);
    return whole && name.length <= 100 && token.test(name)
      ? value.toLowerCase()
      : new Problem('expected the name of a header, or the beginning of names and "*", such as "x-edge-*"');
  });
}

/** A path that a request can have and that has only one reading. */
export function absolutePath() {
  return text('a path that starts with "/"', (value) => {
    const read = value.startsWith('/') && value.length <= 1024 ? canonicalPath(value) : null;
    if (read === null || typeof read === 'string') return new Problem('expected a path that starts with "/"');
    return read.path === value && read.ambiguities === 0
      ? value
      : new Problem('this path is not in its canonical form', `write "${read.path}"`);
  });
}

/** The version of a file format. */
export const version = scalar({ const: 1 }, (value): 1 | Problem =>
  value === 1 ? 1 : new Problem('expected version 1', 'this Rolegate supports only "version: 1"'),
);

/** Names of routes, upstreams and identities. */
export const idPattern = '[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}';
export const idHint = 'letters, digits and _ . : - only, at most 100';

/** A name that the file defines: of a route, a role, an upstream. */
export function name(what: string, pattern: string, hint: string) {
  const exact = new RegExp(`^${pattern}$`);
  return text(
    `the name of ${what}`,
    (value) => (exact.test(value) ? value : new Problem(`this is not a name of ${what}`, hint)),
    pattern,
  );
}

/** Key of a mapping that declares names. */
export function declared(what: string, pattern: string, hint: string) {
  const exact = new RegExp(`^${pattern}$`);
  return z.string().superRefine((key, context) => {
    if (exact.test(key)) return;
    context.addIssue({ code: 'custom', message: `this is not a name of ${what}`, params: { hint }, input: undefined });
  });
}

/** Key of a mapping by headers. */
export const headerKey = z.string().superRefine((key, context) => {
  if (token.test(key) && key.length <= 100) return;
  context.addIssue({ code: 'custom', message: 'this is not a name of a header', input: undefined });
});

/** RFC 6265 section 4.1.1: a cookie's name is a token. */
export function isCookieName(value: string): boolean {
  return value.length <= 64 && token.test(value);
}
