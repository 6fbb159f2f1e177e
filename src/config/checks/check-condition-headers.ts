/** Headers that conditions may read: those whose value is the client's own word and reaches the upstream as it was read. */
import { canonicalName } from '../../core/syntax/header-fields.ts';
import { forwarded, hopByHop, overrides } from '../../core/syntax/header-names.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import type { Check } from './check.ts';
import { keyPairHeaders } from './check-sections.ts';

const taken: ReadonlySet<string> = new Set([
  ...hopByHop,
  ...overrides,
  ...forwarded,
  'authorization',
  'content-length',
  'cookie',
  'expect',
  'host',
  'via',
  'x-error',
  'x-error-id',
  'x-request-id',
  'x-rolegate-gateway',
  'x-rolegate-stale',
]);

const mostHeaders = 32;

/** Names in lower case; null when the section cannot be read. */
export function checkConditionHeaders(parts: Parts<ConfigFile>, check: Check): ReadonlySet<string> | null {
  const headers = parts.conditions?.headers;
  if (headers === undefined) return null;
  const base = ['conditions', 'headers'];
  if (headers.length > mostHeaders) check.at(base, `at most ${mostHeaders} headers`);
  const credentials = new Set(keyPairHeaders(parts).map(canonicalName));
  const identity = new Set((check.keys(['identityHeaders']) ?? ['user-id', 'groups']).map(canonicalName));
  const names = new Set<string>();
  headers.forEach((name, index) => {
    if (name === undefined) return;
    const path = [...base, index];
    if (name.includes('_')) {
      check.at(path, 'the name of such a header has no "_"', 'services read "_" and "-" alike: write "-"');
    } else if (credentials.has(name) || name === 'authorization' || name === 'cookie') {
      check.at(path, 'this header carries credentials');
    } else if (identity.has(name)) {
      check.at(path, 'what a client sends in this header is thrown away', 'compare a field of "identity" instead');
    } else if (taken.has(name) || name.startsWith('x-forwarded-')) {
      check.at(
        path,
        'this header has another meaning in HTTP',
        'the client is compared by "client: address", the host by "match.host"',
      );
    } else if (names.has(name)) check.at(path, 'this header is listed twice');
    names.add(name);
  });
  return names;
}
