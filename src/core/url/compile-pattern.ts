/** Reads `match.host` and `match.path` of a route. */
import { canonicalHost } from './canonical-host.ts';
import { canonicalPath } from './canonical-path.ts';
import type { RoutePattern, Segment } from './path-pattern.ts';

/** Letters, digits, `-` and `_`: these unreserved characters (RFC 3986 section 2.3) have one spelling in a path. */
export const oneSpelling = /^[\w-]+$/;

const param = /^\{[A-Za-z_][A-Za-z0-9_]{0,63}\}$/;

/** Throws `RangeError` with a message for the author of the rule. `host` is exact, `*.example.test`, or null for any. */
export function compilePattern(host: string | null, path: string): RoutePattern {
  if (host !== null) checkHost(host);
  if (!path.startsWith('/')) throw new RangeError('a path pattern starts with "/"');
  const parts = path.slice(1).split('/');
  // "/a/" matches what "/a" matches.
  if (parts.at(-1) === '') parts.pop();
  if (parts.slice(0, -1).includes('**')) throw new RangeError('"**" stands only at the end of a path pattern');
  const segments = parts.map(segmentOf);
  const params = segments.flatMap((segment) => (segment.kind === 'param' ? [segment.name] : []));
  const repeated = params.find((name, index) => params.indexOf(name) !== index);
  if (repeated !== undefined) throw new RangeError(`the parameter "${repeated}" stands twice in the pattern`);
  if (params.length > 32) throw new RangeError('a path pattern has at most 32 parameters');
  return { host: host === null ? null : host.toLowerCase(), path, segments, params };
}

function segmentOf(part: string): Segment {
  if (part === '**') return { kind: 'rest' };
  return param.test(part) ? { kind: 'param', name: part.slice(1, -1) } : { kind: 'literal', text: literal(part) };
}

function literal(part: string): string {
  if (oneSpelling.test(part)) return part;
  if (part === '') throw new RangeError('a path pattern has no empty segment ("//")');
  if (/[{}*]/.test(part)) {
    throw new RangeError(`"${part}" is neither a literal, "{name}" nor "**": braces and stars take a whole segment`);
  }
  const read = canonicalPath(`/${part}`);
  if (typeof read === 'string' || read.path === '/' || part.includes('?') || part.includes('#')) {
    throw new RangeError(`"${part}" is not a segment that a request can have`);
  }
  return decodeURIComponent(read.path.slice(1));
}

function checkHost(host: string): void {
  const name = host.startsWith('*.') ? host.slice(2) : host;
  const read = canonicalHost(name);
  if (read === null || (host.startsWith('*.') && read.startsWith('['))) {
    throw new RangeError(`"${host}" is not a host name; write "api.example.test" or "*.example.test"`);
  }
  if (read !== name.toLowerCase()) throw new RangeError('a host is matched without port and without trailing dot');
}
