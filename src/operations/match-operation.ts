/** Finds the operation for a method and a path. Paths are compared as received: an escape matches no literal. */

interface Addressed {
  readonly method: string;
  /** What precedes each of the paths. */
  readonly base: string;
  readonly paths: readonly string[];
}

export interface PathMatch<Operation> {
  /** As declared, with `{name}` for a parameter. */
  readonly path: string;
  /** Null: the path has none for this method. */
  readonly operation: Operation | null;
  /** One for the path, whatever its method. */
  readonly any: Operation;
  readonly params: Readonly<Record<string, string>>;
  /** Methods of the path. */
  readonly allow: readonly string[];
}

export type MatchOperation<Operation> = (method: string, path: string) => PathMatch<Operation> | null;

interface Entry<Operation> {
  readonly operation: Operation;
  readonly path: string;
  readonly segments: readonly string[];
}

/** Null: there is no such path. */
export function compileMatcher<Operation extends Addressed>(
  operations: readonly Operation[],
): MatchOperation<Operation> {
  const entries = operations
    .flatMap((operation) =>
      operation.paths.map((below): Entry<Operation> => {
        const path = `${operation.base}${below}`;
        return { operation, path, segments: path.split('/') };
      }),
    )
    // A literal segment takes precedence over a parameter, so that `/user/by-email` is not a user id.
    .sort((first, second) => countParams(first) - countParams(second));
  return (method, path) => {
    const segments = path.split('/');
    const fitting = entries.filter((entry) => fits(entry, segments));
    const [best] = fitting;
    if (best === undefined) return null;
    // RFC 9110 section 9.3.2: HEAD is GET without the body of the response.
    const own = fitting.find((entry) => entry.operation.method === (method === 'HEAD' ? 'GET' : method));
    const methods = new Set(fitting.map((entry) => entry.operation.method));
    if (methods.has('GET')) methods.add('HEAD');
    const { path: declared } = own ?? best;
    return {
      path: declared,
      operation: own?.operation ?? null,
      any: best.operation,
      params: readParams(own ?? best, segments),
      allow: [...methods].sort(),
    };
  };
}

function isParam(segment: string): boolean {
  return segment.startsWith('{');
}

function countParams(entry: Pick<Entry<unknown>, 'segments'>): number {
  return entry.segments.filter(isParam).length;
}

function fits({ segments: declared }: Pick<Entry<unknown>, 'segments'>, segments: readonly string[]): boolean {
  if (declared.length !== segments.length) return false;
  return declared.every((segment, at) => (isParam(segment) ? segments[at] !== '' : segment === segments[at]));
}

function readParams(
  { segments: declared }: Pick<Entry<unknown>, 'segments'>,
  segments: readonly string[],
): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  declared.forEach((segment, at) => {
    if (isParam(segment)) params[segment.slice(1, -1)] = segments[at] ?? '';
  });
  return params;
}
