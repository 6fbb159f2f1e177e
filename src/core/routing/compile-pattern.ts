/** Reads `match.host` and `match.path` of a route. */
import { canonicalHost } from '../request/canonical-host.ts';
import { canonicalPath } from '../request/canonical-path.ts';
import { KnownParts } from './known-parts.ts';
import type { RoutePattern, Segment } from './path-pattern.ts';

/** Letters, digits, `-` and `_`: these unreserved characters (RFC 3986 section 2.3) have one spelling in a path. */
export const oneSpelling = /^[\w-]+$/;

const param = /^\{[A-Za-z_][A-Za-z0-9_]{0,63}\}$/;

/** One pattern alone: see `Patterns.compile`. */
export function compilePattern(host: string | null, path: string): RoutePattern {
  return new Patterns().compile(host, path);
}

const noParams: readonly string[] = [];

/** Many patterns: hosts and segments that are repeated are read once. */
export class Patterns {
  readonly #hosts = new Map<string, string>();
  readonly #parts = new KnownParts(segmentOf);
  /** Of the pattern that is being read: a list that grows makes room for sixteen more. */
  readonly #segments: Segment[] = [];

  /** Throws `RangeError` with a message for the author of the rule. `host` is exact, `*.example.test`, or null for any. */
  compile(host: string | null, path: string): RoutePattern {
    const hostName = host === null ? null : this.#host(host);
    if (!path.startsWith('/')) throw new RangeError('a path pattern starts with "/"');
    // "/a/" matches what "/a" matches.
    const end = path.endsWith('/') ? path.length - 1 : path.length;
    let params = noParams;
    let count = 0;
    for (let start = 1; start <= end; count += 1) {
      const slash = path.indexOf('/', start);
      const partEnd = slash < 0 ? end : slash;
      const segment = this.#parts.read(path, start, partEnd);
      if (segment.kind === 'rest' && partEnd < end) {
        throw new RangeError('"**" stands only at the end of a path pattern');
      }
      if (segment.kind === 'param') params = withParam(params, segment.name);
      this.#segments[count] = segment;
      start = partEnd + 1;
    }
    if (params.length > 32) throw new RangeError('a path pattern has at most 32 parameters');
    return { host: hostName, path, segments: this.#segments.slice(0, count), params };
  }

  #host(host: string): string {
    const known = this.#hosts.get(host);
    if (known !== undefined) return known;
    checkHost(host);
    const name = host.toLowerCase();
    this.#hosts.set(host, name);
    return name;
  }
}

/** Most patterns have one, and a list that grows makes room for sixteen more. */
function withParam(params: readonly string[], name: string): readonly string[] {
  if (params.includes(name)) throw new RangeError(`the parameter "${name}" stands twice in the pattern`);
  return params.length === 0 ? [name] : [...params, name];
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
