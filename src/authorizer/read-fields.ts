/** The fields with which proxies describe the original request, extracted from the headers of the check, each at most once. */
import { parseAddress } from '../core/syntax/addresses.ts';
import { isNamed, trimBlanks } from '../core/syntax/header-fields.ts';
import type { CheckRequest, OriginalRequest } from './dialect.ts';

interface Fields<Name extends string> {
  /** Null: the check has no such field. */
  readonly values: Readonly<Record<Name, string | null>>;
  /** All other headers, alternating names and values. */
  readonly rest: string[];
}

/** `names` in lower case. Null: one of them is repeated. */
function takeFields<Name extends string>(rawHeaders: readonly string[], names: readonly Name[]): Fields<Name> | null {
  const values = Object.fromEntries(names.map((name) => [name, null])) as Record<Name, string | null>;
  const rest: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase() as Name;
    if (!names.includes(name)) {
      rest.push(rawHeaders[i]!, rawHeaders[i + 1]!);
      continue;
    }
    if (values[name] !== null) return null;
    values[name] = rawHeaders[i + 1]!;
  }
  return { values, rest };
}

const originalFields = ['host', 'x-original-method', 'x-original-uri', 'x-original-host', 'x-real-ip'] as const;

/**
 * Fields that our configurations make a proxy send: `X-Original-Method`, `-URI` and `-Host`, and its peer in `X-Real-IP`. The client's
 * other headers are as the client sent them.
 */
export function readOriginalFields({ rawHeaders }: CheckRequest): OriginalRequest | null {
  const fields = takeFields(rawHeaders, originalFields);
  if (fields === null) return null;
  const { values, rest } = fields;
  const peer = addressOf(values['x-real-ip']);
  if (peer === null) return null;
  return original(values['x-original-method'], values['x-original-uri'], values['x-original-host'], rest, peer);
}

const forwardedFields = ['host', 'x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host'] as const;

/** Fields that Traefik and Caddy send by themselves: `X-Forwarded-Method`, `-Uri` and `-Host`, and their peer last in `X-Forwarded-For`. */
export function readForwardedFields({ rawHeaders }: CheckRequest): OriginalRequest | null {
  const fields = takeFields(rawHeaders, forwardedFields);
  if (fields === null) return null;
  const { values } = fields;
  const { peer, rest } = takeLastAddress(fields.rest);
  if (peer === null) return null;
  return original(values['x-forwarded-method'], values['x-forwarded-uri'], values['x-forwarded-host'], rest, peer);
}

/** Null: a field that every request has is missing. */
export function original(
  method: string | null,
  target: string | null,
  host: string | null,
  rawHeaders: readonly string[],
  peer: string | null,
  waitsMs: number = Number.POSITIVE_INFINITY,
): OriginalRequest | null {
  if (method === null || target === null || host === null) return null;
  return { method, target, host, rawHeaders, peer, secure: isSecure(rawHeaders), waitsMs };
}

/** The header of this name, and the others. Null: it is repeated. */
export function takeField(
  rawHeaders: readonly string[],
  name: string,
): { readonly value: string | null; readonly rest: string[] } | null {
  const fields = takeFields(rawHeaders, [name]);
  return fields === null ? null : { value: fields.values[name] ?? null, rest: fields.rest };
}

/**
 * The last address in `X-Forwarded-For`, which the proxy added for its own peer, and the headers as the proxy received them, without it.
 * Null: none.
 */
export function takeLastAddress(rawHeaders: readonly string[]): {
  readonly peer: string | null;
  readonly rest: string[];
} {
  const rest = [...rawHeaders];
  for (let i = rest.length - 2; i >= 0; i -= 2) {
    if (!isNamed(rest[i]!, 'x-forwarded-for')) continue;
    const value = rest[i + 1]!;
    const comma = value.lastIndexOf(',');
    if (comma < 0) rest.splice(i, 2);
    else rest[i + 1] = value.slice(0, comma);
    return { peer: addressOf(value.slice(comma + 1)), rest };
  }
  return { peer: null, rest };
}

/** Null: not an address. IPv4 in IPv6 is written as IPv4. */
export function addressOf(text: string | null): string | null {
  if (text === null) return null;
  const address = trimBlanks(text);
  if (parseAddress(address) === null) return null;
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The proxy's last value counts. */
function isSecure(rawHeaders: readonly string[]): boolean {
  let secure = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i]!, 'x-forwarded-proto')) secure = /^(?:https|wss)$/i.test(rawHeaders[i + 1]!);
  }
  return secure;
}
