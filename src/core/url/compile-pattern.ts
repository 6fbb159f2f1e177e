/** Reads `match.host` and `match.path` of a route. */
import { canonicalHost } from './canonical-host.ts';
import { canonicalPath } from './canonical-path.ts';
import { type Shape, shapeNames } from './param-form.ts';
import type { RoutePattern, Segment } from './path-pattern.ts';

/** Letters, digits, `-` and `_`: these unreserved characters (RFC 3986 section 2.3) have one spelling in a path. */
export const oneSpelling = /^[\w-]+$/;

const param = /^([^{}]*)\{([A-Za-z_][A-Za-z0-9_]{0,63})(?::([^{}]*))?\}([^{}]*)$/;

/** Characters with one spelling in a path, or that are decoded before comparison. */
const around = /^[\w.~@:=,+!$-]*$/;
const alternative = /^[\w.~-]*[\w~-]$/;
const maxAlternatives = 64;

/** Throws `RangeError` with a message for the author of the rule. `host` is exact, `*.example.test`, or null for any. */
export function compilePattern(host: string | null, path: string): RoutePattern {
  if (host !== null) checkHost(host);
  if (!path.startsWith('/')) throw new RangeError('a path pattern starts with "/"');
  const parts = path.slice(1).split('/');
  // "/a/" matches what "/a" matches.
  if (parts.at(-1) === '') parts.pop();
  if (parts.slice(0, -1).includes('**')) throw new RangeError('"**" is allowed only at the end of a path pattern');
  const segments = parts.map(segmentOf);
  const params = segments.flatMap((segment) => (segment.kind === 'param' ? [segment.name] : []));
  const repeated = params.find((name, index) => params.indexOf(name) !== index);
  if (repeated !== undefined) throw new RangeError(`the parameter "${repeated}" occurs twice in the pattern`);
  if (params.length > 32) throw new RangeError('a path pattern has at most 32 parameters');
  return { host: host === null ? null : host.toLowerCase(), path, segments, params };
}

function segmentOf(part: string): Segment {
  if (part === '**') return { kind: 'rest' };
  const read = param.exec(part);
  if (read === null) return { kind: 'literal', text: literal(part) };
  const [, before = '', name = '', shapeText, after = ''] = read;
  if (!around.test(before) || !around.test(after)) {
    throw new RangeError(`"${part}": text around a parameter has letters, digits and . _ ~ @ : = , + ! $ - only`);
  }
  if (after.endsWith('.')) throw new RangeError(`"${part}" ends with ".", which some services remove`);
  const shape = shapeText === undefined ? null : shapeOf(shapeText);
  return { kind: 'param', name, form: before + after === '' && shape === null ? null : { before, after, shape } };
}

function shapeOf(text: string): Shape {
  const named = shapeNames.find((name) => name === text);
  if (named !== undefined) return { kind: named };
  if (!text.startsWith('(') || !text.endsWith(')')) {
    const shapes = `${shapeNames.join(', ')} or alternatives such as (a|b)`;
    throw new RangeError(`"${text}" is not a shape of a parameter: write ${shapes}; there are no regular expressions`);
  }
  const words = text.slice(1, -1).split('|');
  const wrong = words.find((word) => !alternative.test(word));
  if (wrong !== undefined) {
    throw new RangeError(`the alternative "${wrong}" has other characters than letters, digits and . _ ~ -, or none`);
  }
  const twice = words.find((word, index) => words.indexOf(word) !== index);
  if (twice !== undefined) throw new RangeError(`the alternative "${twice}" is listed twice`);
  if (words.length > maxAlternatives) throw new RangeError(`a parameter has at most ${maxAlternatives} alternatives`);
  return { kind: 'words', words };
}

function literal(part: string): string {
  if (oneSpelling.test(part)) return part;
  if (part === '') throw new RangeError('a path pattern has no empty segment ("//")');
  if (part === '*')
    throw new RangeError('"*" is not supported: write "**" for everything below, or {name} for one segment');
  if (/[{}*]/.test(part)) {
    const params = 'a parameter such as {name}, {id:uuid} or {id}.json (one in a segment)';
    throw new RangeError(`"${part}" is neither a literal, ${params}, nor "**"`);
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
