/** Finds the operation for a method and a path. Paths are compared as received: an escape matches nothing. */
import { basePath, type Operation } from '../operations/operation.ts';
import { Refusal } from '../outcome/refusals.ts';

export interface MatchedOperation {
  readonly operation: Operation;
  /** Its path, with `{name}` for a parameter. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

export type MatchOperation = (method: string, path: string) => MatchedOperation | Refusal;

interface Entry {
  readonly operation: Operation;
  readonly path: string;
  readonly segments: readonly string[];
}

/** Refuses with 404 if no path matches, and with 405 and `Allow` if only the method does not. */
export function compileMatcher(operations: readonly Operation[]): MatchOperation {
  const entries = operations
    .flatMap((operation) =>
      operation.paths.map((below): Entry => {
        const path = `${basePath}${below}`;
        return { operation, path, segments: path.split('/') };
      }),
    )
    // A literal segment takes precedence over a parameter, so that `/user/by-email` is not a user id.
    .sort((first, second) => countParams(first) - countParams(second));
  return (method, path) => {
    const segments = path.split('/');
    const fitting = entries.filter((entry) => fits(entry, segments));
    const [best] = fitting;
    if (best === undefined) return new Refusal('route_not_found');
    // RFC 9110 section 9.3.2: HEAD is GET without the body of the response.
    const asked = method === 'HEAD' ? 'GET' : method;
    const found = fitting.find((entry) => entry.operation.method === asked);
    if (found !== undefined) {
      return { operation: found.operation, path: found.path, params: readParams(found, segments) };
    }
    const methods = new Set<string>(fitting.map((entry) => entry.operation.method));
    if (methods.has('GET')) methods.add('HEAD');
    return new Refusal('method_not_allowed', { allow: [...methods].sort() });
  };
}

function isParam(segment: string): boolean {
  return segment.startsWith('{');
}

function countParams(entry: Entry): number {
  return entry.segments.filter(isParam).length;
}

function fits(entry: Entry, segments: readonly string[]): boolean {
  if (entry.segments.length !== segments.length) return false;
  return entry.segments.every((segment, at) => (isParam(segment) ? segments[at] !== '' : segment === segments[at]));
}

function readParams(entry: Entry, segments: readonly string[]): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  entry.segments.forEach((segment, at) => {
    if (isParam(segment)) params[segment.slice(1, -1)] = segments[at] ?? '';
  });
  return params;
}
