/** OpenAPI path templates as path patterns. */
import { literalPath, type PathPattern, parameterName, patternOf } from './path-patterns.ts';

export interface Template {
  /** Every path that the template can match. Null: it matches no path that the gateway forwards. */
  readonly pattern: PathPattern | null;
  /** Whether the pattern matches nothing else. */
  readonly exact: boolean;
  /** Why it matches more. */
  readonly why: string | null;
  readonly slash: boolean;
}

/** `shapes`: of parameters by their names in the template, such as `uuid`. */
export function readTemplate(path: string, shapes: ReadonlyMap<string, string> = new Map()): Template {
  const [plain = ''] = path.split(/[?#]/, 1);
  const parts = plain.split('/').slice(1);
  const slash = parts.at(-1) === '';
  if (slash) parts.pop();
  const names = new Set<string>();
  let why = plain === path ? null : 'its path contains a query or a fragment';
  const segments: string[] = [];
  for (const [index, part] of parts.entries()) {
    const [, before = '', name, after = ''] = /^([^{}]*)\{([^{}]+)\}([^{}]*)$/.exec(part) ?? [];
    if (name !== undefined && /^[+*/.;?&#]|[+*]$/.test(name)) {
      // Template extensions that match several segments.
      why ??= 'its template matches several segments';
      segments.push('**');
      break;
    }
    const isPlain = name !== undefined && patternOf(null, `/${before}{name}${after}`) !== null;
    if (!isPlain && /[{}]/.test(part)) why ??= 'its template within a segment is not supported';
    const shape = isPlain ? shapes.get(name) : undefined;
    const shaped = shape === undefined ? '' : `:${shape}`;
    if (isPlain) segments.push(`${before}{${parameterName(name, index, names)}${shaped}}${after}`);
    else if (/[{}]/.test(part)) segments.push(`{${parameterName('part', index, names)}}`);
    else segments.push(part === '' ? '' : literalPath(decoded(part)));
  }
  return { pattern: patternOf(null, `/${segments.join('/')}`), exact: why === null, why, slash };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
