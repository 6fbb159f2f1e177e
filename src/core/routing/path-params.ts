/** The values that `{name}` stands for in a path, read only for the routes that ask for them. */
import type { RoutePattern } from './path-pattern.ts';

/**
 * The segment of `path` that a parameter of `pattern` matched, escapes and all; null when the pattern has no such
 * parameter. `path` is canonical and was matched by `pattern`.
 */
export function pathParam(pattern: RoutePattern, path: string, name: string): string | null {
  let start = 1;
  for (const segment of pattern.segments) {
    if (segment.kind === 'rest') return null;
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (segment.kind === 'param' && segment.name === name) return path.slice(start, end);
    start = end + 1;
  }
  return null;
}
