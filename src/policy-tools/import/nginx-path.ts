/**
 * Paths of an Ingress as the locations that ingress-nginx generates (`updateServerLocations` and `buildLocation` of the
 * controller): plain texts, or case-insensitive expressions if any path of the host is an expression.
 */
import { literalPath, type PathPattern, patternOf } from './path-patterns.ts';

/** Decoded paths, in lower case if case does not count. */
export interface Matcher {
  readonly kind: 'exact' | 'prefix';
  readonly text: string;
}

export interface NginxPath {
  /** As in the nginx configuration, where longer expressions take precedence. */
  readonly written: string;
  /** What the location matches. If it is not understood, this matches at least as much. */
  readonly matchers: readonly Matcher[];
  /** What its route matches. */
  readonly taken: readonly Matcher[];
  /** Null: it matches no request that the gateway forwards. */
  readonly pattern: PathPattern | null;
  /** "/v1/api" also matches "/v1/apix", which no pattern can express: the segments below `parent` that begin with `text`. */
  readonly beginning: { readonly parent: string; readonly text: string } | null;
  /** Why the path is not understood; null: it is. */
  readonly why: string | null;
  readonly stripPrefix: string;
  readonly addPrefix: string;
}

export interface PathSource {
  readonly host: string | null;
  readonly path: string;
  readonly type: string;
  readonly rewriteTarget: string | null;
  /** Whether its own Ingress makes it an expression. */
  readonly expression: boolean;
  /** Whether paths of its host are expressions. */
  readonly expressions: boolean;
}

export function rewrites({ path, rewriteTarget }: Pick<PathSource, 'path' | 'rewriteTarget'>): boolean {
  return rewriteTarget !== null && rewriteTarget !== '' && rewriteTarget !== path;
}

/** A path of type "Prefix" becomes two expressions if other paths of the host are expressions. */
export function readNginxPaths(source: PathSource): readonly NginxPath[] {
  const { path, type, expression, expressions } = source;
  if (!path.startsWith('/')) return [made(source, path, [prefix('')], 'its path does not start with "/"')];
  const whole = path.replace(/\/$/, '');
  const split = type === 'Prefix' && !expression && path !== '/';
  if (expressions) {
    if (!split) return [readExpression(source, path)];
    return [readExpression(source, `${whole}/`), readExpression(source, path)];
  }
  if (type === 'Exact') return [made(source, path, [exact(path)])];
  if (type === 'Prefix' || path.endsWith('/')) {
    // nginx redirects "/a" to "/a/".
    return [made(source, path, path === '/' ? [prefix('/')] : [prefix(`${whole}/`), exact(whole)])];
  }
  return [made(source, path, [prefix(path)])];
}

function readExpression(source: PathSource, path: string): NginxPath {
  const read = /^((?:[A-Za-z0-9_~/-]|\\[.~_/-])*)(.*)$/s.exec(path)!;
  const quantified = /^[?*+{]/.test(read[2]!);
  const literal = quantified ? read[1]!.replace(/\\?.$/, '') : read[1]!;
  const tail = path.slice(literal.length);
  const text = literal.replaceAll('\\', '').toLowerCase();
  const below = [prefix(`${text}/`), exact(text)];
  const known: Readonly<Record<string, readonly [matchers: readonly Matcher[], rest: string | null]>> = {
    '': [[prefix(text)], null],
    '.*': [[prefix(text)], null],
    '(.*)': [[prefix(text)], '$1'],
    '/?(.*)': [[prefix(text)], '/$1'],
    ...(text.endsWith('/') ? {} : { '(/|$)(.*)': [below, '/$2'], '(/.*)?$': [below, null] }),
    $: [[exact(text)], null],
    '/?$': [[exact(text), exact(`${text}/`)], null],
  };
  const found = known[tail.endsWith('(.*)$') ? tail.slice(0, -1) : tail];
  if (found === undefined) {
    const anywhere = tail.replace(/\([^()]*\)/g, '').includes('|');
    const why = `the expression "${path}" cannot be expressed as a path pattern`;
    return made(source, path, [prefix(anywhere ? '' : text)], why);
  }
  const [matchers, rest] = found;
  if (!rewrites(source)) return made(source, path, matchers);
  // The group's text begins with the slash unless the text before it ends with one.
  const group = rest === '$1' && text.endsWith('/') ? '/$1' : rest;
  const target = source.rewriteTarget!;
  const stripPrefix = literal.replaceAll('\\', '').replace(/\/$/, '');
  const addPrefix = group !== null && target.endsWith(group) ? target.slice(0, -group.length) : null;
  if (addPrefix === null || !/^(?:\/[A-Za-z0-9_.~-]+)*$/.test(addPrefix)) {
    return made(source, path, matchers, `"rewrite-target: ${target}" does not change a prefix`);
  }
  const plain = made(source, path, matchers);
  return stripPrefix === addPrefix ? plain : { ...plain, stripPrefix, addPrefix };
}

/** The widest matcher determines the pattern. */
function made(
  { host }: PathSource,
  written: string,
  matchers: readonly Matcher[],
  why: string | null = null,
): NginxPath {
  const [{ kind, text }] = matchers as readonly [Matcher];
  const base = text.replace(/\/$/, '');
  const rest = kind === 'prefix';
  const cut = rest && text !== '' && !text.endsWith('/') ? text.lastIndexOf('/') : -1;
  const segments = base
    .split('/')
    .slice(1)
    .map((part) => (part === '' ? '' : literalPath(part)));
  const slashed: Matcher[] = rest ? [prefix(`${base}/`), exact(base)] : [exact(base), exact(`${base}/`)];
  return {
    written,
    matchers,
    taken: base === '' ? [rest ? prefix('/') : exact('/')] : slashed,
    pattern: patternOf(host, `/${[...segments, ...(rest ? ['**'] : [])].join('/')}`),
    beginning: cut < 0 ? null : { parent: text.slice(0, cut), text: text.slice(cut + 1) },
    why,
    stripPrefix: '',
    addPrefix: '',
  };
}

function exact(text: string): Matcher {
  return { kind: 'exact', text };
}

function prefix(text: string): Matcher {
  return { kind: 'prefix', text };
}
