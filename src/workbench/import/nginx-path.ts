/** Paths of an Ingress as ingress-nginx reads them, with what `rewrite-target` makes of them. */
import { type PathPattern, type PathShape, patternOf, type ShapeSegment, shapeOf } from './path-shape.ts';

export interface NginxPath {
  readonly shape: PathShape;
  readonly pattern: PathPattern | null;
  readonly stripPrefix: string;
  readonly addPrefix: string;
  /** Why the pattern is not the whole of it, or what makes it of no use; null: nothing. */
  readonly loss: string | null;
  /** The rewriting cannot be done, so that the route must not be open. */
  readonly broken: boolean;
}

export interface NginxPathOptions {
  readonly host: string | null;
  readonly path: string;
  readonly type: string;
  /** Some Ingress of the host uses expressions, so that all its paths are expressions, whose case does not count. */
  readonly expressions: boolean;
  readonly rewriteTarget: string | null;
}

export function readNginxPath(options: NginxPathOptions): NginxPath {
  const { host, path, type, expressions, rewriteTarget } = options;
  const plain = { stripPrefix: '', addPrefix: '', broken: false };
  if (!path.startsWith('/')) return { ...unknown(host, ''), loss: 'its path does not start with "/"' };
  if (!expressions) {
    if (type === 'Exact') return { ...exactly(host, path), ...plain };
    if (type === 'Prefix' || path.endsWith('/')) return { ...below(host, path), ...plain };
    return { ...beginning(host, path), ...plain };
  }
  return readExpression(options, rewriteTarget);
}

type Matched = Pick<NginxPath, 'shape' | 'pattern' | 'loss'>;

/** `/lit(/|$)(.*)`, `/lit/(.*)`, `/lit/?(.*)`, `/lit$`, and plain text. */
function readExpression({ host, path }: NginxPathOptions, rewriteTarget: string | null): NginxPath {
  const read = /^((?:\/[A-Za-z0-9_~-]+|\/[A-Za-z0-9_~-]*(?:\\?\.[A-Za-z0-9_~-]+)+)*)(\/?)(.*)$/.exec(path);
  const base = (read?.[1] ?? '').replaceAll('\\', '');
  const tail = `${read?.[2] ?? ''}${read?.[3] ?? path}`;
  const rewritten = (group: number | null) => rewrite(rewriteTarget, base, group);
  if (/^\(\/\|\$\)\(\.\*\)$/.test(tail)) return { ...below(host, base), ...rewritten(2) };
  if (/^\/\(\.\*\)\$?$/.test(tail) || (base === '' && /^\/\?\(\.\*\)\$?$/.test(tail))) {
    return { ...below(host, base), ...rewritten(1) };
  }
  if (/^\/(?:\.\*)?$/.test(tail)) return { ...below(host, base), ...rewritten(null) };
  if (tail === '$' || tail === '/?$' || tail === '/$')
    return { ...exactly(host, base === '' ? '/' : base), ...rewritten(null) };
  if (base !== '' && /^\/?\??\(\.\*\)\$?$/.test(tail)) return { ...beginning(host, base), ...rewritten(1) };
  if (base !== '' && (tail === '' || tail === '.*')) return { ...beginning(host, base), ...rewritten(null) };
  return { ...unknown(host, base), loss: `the expression "${path}" is not one that a path pattern can say` };
}

/** `group`: which capture is the rest of the path. */
function rewrite(
  target: string | null,
  base: string,
  group: number | null,
): Pick<NginxPath, 'stripPrefix' | 'addPrefix' | 'broken'> {
  if (target === null) return { stripPrefix: '', addPrefix: '', broken: false };
  const read = /^((?:\/[A-Za-z0-9_.~-]+)*)\/\$(\d)$/.exec(target);
  if (read !== null && Number(read[2]) === group) {
    const addPrefix = read[1]!;
    return base === addPrefix
      ? { stripPrefix: '', addPrefix: '', broken: false }
      : { stripPrefix: base, addPrefix, broken: false };
  }
  return { stripPrefix: '', addPrefix: '', broken: true };
}

function exactly(host: string | null, path: string): Matched {
  // Braces would be a parameter.
  const pattern = /[{}*]/.test(path.replace(/\/\*\*$/, '')) ? null : patternOf(host, path);
  return pattern === null
    ? { ...unknown(host, ''), loss: `no path pattern is like "${path}"` }
    : { shape: shapeOf(pattern), pattern, loss: null };
}

function below(host: string | null, path: string): Matched {
  return exactly(host, `${path.replace(/\/+$/, '')}/**`);
}

/** "/api" also takes "/apix". */
function beginning(host: string | null, path: string): Matched {
  const whole = below(host, path);
  if (whole.pattern === null) return whole;
  const { segments } = whole.shape;
  const last = segments.at(-1);
  if (last?.kind !== 'literal') return whole;
  const some: ShapeSegment = { kind: 'some', prefix: last.text, suffix: '' };
  return {
    shape: { ...whole.shape, segments: [...segments.slice(0, -1), some] },
    pattern: whole.pattern,
    loss: `"${path}" is the beginning of any path there (${path}x too), and whole segments here`,
  };
}

/** Nothing is known but whole segments at the beginning. */
function unknown(host: string | null, base: string): Omit<NginxPath, 'loss'> {
  const pattern = patternOf(host, `${base}/**`);
  const known = pattern === null ? [] : shapeOf(pattern).segments;
  const last = known.at(-1);
  const segments: readonly ShapeSegment[] =
    last?.kind === 'literal' ? [...known.slice(0, -1), { kind: 'some', prefix: last.text, suffix: '' }] : known;
  return { shape: { host, segments, rest: true }, pattern: null, stripPrefix: '', addPrefix: '', broken: false };
}
