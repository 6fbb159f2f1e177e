/** `match.url` of Ory Oathkeeper: plain text with regular expressions or globs between "<" and ">". */
import { type PathPattern, type PathShape, patternOf, type ShapeSegment } from './path-shape.ts';

export interface ReadUrl {
  readonly shape: PathShape;
  /** Null: no route can match it. */
  readonly pattern: PathPattern | null;
  /** Why the pattern is not the whole of it; null: it is. */
  readonly loss: string | null;
}

export interface UrlOptions {
  readonly glob: boolean;
  /** Lets `{name}` stand for a part of a segment's texts. */
  readonly widen: boolean;
}

type Token = string | { readonly expression: string };

const mostAlternatives = 64;
/** With what stands in front of them, these are that path and everything below it. */
const optionalRests: ReadonlySet<string> = new Set([
  '(/.*)?',
  '(?:/.*)?',
  '(|/.*)',
  '(/.*|)',
  '/.*',
  '(/.*)',
  '(/?|/.*)',
  '(/|/.*)?',
]);

/** One result for each alternative that the URL spells out; null: it is no such URL. */
export function readUrl(url: string, options: UrlOptions): readonly ReadUrl[] | null {
  const tokens = tokensOf(url);
  if (tokens === null) return null;
  const expanded = expand(tokens, options.glob);
  const urls = expanded.map((one) => readOne(one, options));
  return urls.every((one) => one !== null) ? urls : null;
}

/** Whether the text between the brackets can only be a glob. */
export function looksLikeGlob(url: string): boolean {
  return (tokensOf(url) ?? []).some(
    (token) => typeof token !== 'string' && /^(?:\*{1,2}|\{[^{}]*,[^{}]*\})$/.test(token.expression),
  );
}

function tokensOf(url: string): Token[] | null {
  const tokens: Token[] = [];
  let text = '';
  for (let i = 0; i < url.length; i += 1) {
    if (url[i] === '>') return null;
    if (url[i] !== '<') {
      text += url[i];
      continue;
    }
    // As Oathkeeper does, brackets within count: `<(?<name>.*)>`.
    let depth = 0;
    let end = i;
    for (; end < url.length; end += 1) {
      if (url[end] === '<') depth += 1;
      if (url[end] === '>') depth -= 1;
      if (depth === 0) break;
    }
    if (depth !== 0) return null;
    if (text !== '') tokens.push(text);
    text = '';
    tokens.push({ expression: url.slice(i + 1, end) });
    i = end;
  }
  return text === '' ? tokens : [...tokens, text];
}

/** Alternatives of plain texts become texts. */
function expand(tokens: readonly Token[], glob: boolean): readonly (readonly Token[])[] {
  let all: Token[][] = [[]];
  for (const token of tokens) {
    const choices: readonly Token[] = (typeof token === 'string' ? null : alternatives(token.expression, glob)) ?? [
      token,
    ];
    if (all.length * choices.length > mostAlternatives) all = all.map((one) => [...one, token]);
    else all = all.flatMap((one) => choices.map((choice) => [...one, choice]));
  }
  return all.map(joined);
}

/** Texts that follow one another as one. */
function joined(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  for (const token of tokens) {
    const before = out.at(-1);
    if (typeof token === 'string' && typeof before === 'string') out[out.length - 1] = before + token;
    else if (token !== '') out.push(token);
  }
  return out;
}

function alternatives(expression: string, glob: boolean): readonly string[] | null {
  if (glob) {
    const list = /^\{([A-Za-z0-9_,/.-]*)\}$/.exec(expression);
    return list === null ? null : list[1]!.split(',');
  }
  const plain = /^\((?:\?:)?((?:[A-Za-z0-9_/|-]|\\[./-])+)\)$/.exec(expression)?.[1] ?? expression;
  if (!/^(?:[A-Za-z0-9_/|-]|\\[./-])+$/.test(plain)) return null;
  return plain.split('|').map((text) => text.replaceAll('\\', ''));
}

function readOne(tokens: readonly Token[], options: UrlOptions): ReadUrl | null {
  const afterScheme = withoutScheme(tokens);
  if (afterScheme === null) return null;
  const hostParts: Token[] = [];
  const path: Token[] = [];
  for (const token of afterScheme) {
    if (path.length > 0) path.push(token);
    else if (typeof token !== 'string' || !token.includes('/')) hostParts.push(token);
    else {
      const slash = token.indexOf('/');
      if (slash > 0) hostParts.push(token.slice(0, slash));
      path.push(token.slice(slash));
    }
  }
  const host = readHost(hostParts, options);
  const read = readPath(path, host, options);
  const takesPaths = hostParts.some(
    (token) => typeof token !== 'string' && !staysInSegment(token.expression, options.glob),
  );
  if (!takesPaths || (read.pattern !== null && read.pattern.host === null && read.pattern.path === '/**')) return read;
  // ".*" goes on into the path, so the rule may be about anything.
  const loss = read.loss ?? 'the expression of the host takes parts of paths too';
  return { shape: { host: null, segments: [], rest: true }, pattern: read.pattern, loss };
}

/** Whatever scheme an expression takes, requests have one of two. One that looks ahead might be about the rest, too. */
const anyScheme = /^[\w|?():.*+^[\]\\-]+$/;

function withoutScheme(tokens: readonly Token[]): readonly Token[] | null {
  const at = tokens.findIndex((token) => typeof token === 'string' && token.includes('://'));
  if (at < 0 || at > 1) return null;
  const scheme = at === 0 ? null : tokens[0];
  if (typeof scheme === 'object' && scheme !== null && !anyScheme.test(scheme.expression)) return null;
  const text = tokens[at] as string;
  const end = text.indexOf('://');
  return [text.slice(end + 3), ...tokens.slice(at + 1)].filter((token) => token !== '');
}

interface HostRead {
  /** For routes; undefined: no route can have it. */
  readonly name: string | null | undefined;
  /** For the shape. */
  readonly known: string | null;
  readonly loss: string | null;
}

function readHost(parts: readonly Token[], { glob, widen }: UrlOptions): HostRead {
  const [first, second] = parts;
  const unknown = (loss: string): HostRead => ({ name: undefined, known: null, loss });
  if (parts.length === 1 && typeof first === 'string') {
    const name = first.replace(/:\d+$/, '').toLowerCase();
    return patternOf(name, '/') === null ? unknown(`"${first}" is no host name`) : { name, known: name, loss: null };
  }
  if (first === undefined || typeof first === 'string') return unknown('the host is an expression');
  const anything = glob ? /^\*\*$/ : /^\(?(?:\.[*+]|\[\^\/:?\][*+])\)?$/;
  const port = second === undefined || (typeof second === 'string' && /^:\d+$/.test(second));
  if (parts.length <= 2 && port && anything.test(first.expression)) return { name: null, known: null, loss: null };
  if (parts.length === 2 && typeof second === 'string' && second.startsWith('.')) {
    const name = `*${second.replace(/:\d+$/, '').toLowerCase()}`;
    const whole = anything.test(first.expression);
    if (patternOf(name, '/') !== null && (whole || widen)) return { name, known: name, loss: null };
  }
  return unknown('the host is an expression');
}

function readPath(tokens: readonly Token[], host: HostRead, { glob, widen }: UrlOptions): ReadUrl {
  const segments: ShapeSegment[] = [];
  const written: string[] = [];
  let loss = host.loss;
  let current: Token[] = [];
  const finish = (rest: boolean, expressible: boolean): ReadUrl => {
    const shape = { host: host.known, segments, rest };
    const path = `/${[...written, ...(rest ? ['**'] : [])].join('/')}`;
    const whole = expressible && host.name !== undefined ? patternOf(host.name, path) : null;
    if (whole === null) return { shape, pattern: null, loss: loss ?? 'no path of a route is like it' };
    return { shape, pattern: whole, loss };
  };
  /** Everything from here on is unknown. */
  const giveUp = (why: string): ReadUrl => {
    loss ??= why;
    const prefix = typeof current[0] === 'string' ? current[0] : '';
    // It may match nothing at all.
    if (prefix !== '') segments.push({ kind: 'some', prefix: decoded(prefix), suffix: '' });
    return finish(true, false);
  };
  const close = (): void => {
    const [only] = current;
    const number = segments.length + 1;
    if (current.length === 0) return;
    if (current.length === 1 && typeof only === 'string') {
      segments.push({ kind: 'literal', text: decoded(only) });
      // Braces would be a parameter.
      written.push(/[{}*]/.test(only) ? '{' : only);
    } else if (current.length === 1 && isWholeSegment(only as { expression: string }, glob)) {
      segments.push({ kind: 'param' });
      written.push(`{part${number}}`);
    } else if (current.length === 1 && widen) {
      segments.push({ kind: 'param' });
      written.push(`{part${number}}`);
    } else {
      const last = current.at(-1);
      loss ??= `only some texts fit "${current.map((token) => (typeof token === 'string' ? token : `<${token.expression}>`)).join('')}"`;
      segments.push({
        kind: 'some',
        prefix: typeof only === 'string' ? decoded(only) : '',
        suffix: current.length > 1 && typeof last === 'string' ? decoded(last) : '',
      });
      written.push('{');
    }
    current = [];
  };
  for (const [index, token] of tokens.entries()) {
    const last = index === tokens.length - 1;
    if (typeof token === 'string') {
      const [first = '', ...more] = token.split('/');
      if (first !== '') current.push(first);
      for (const piece of more) {
        close();
        current = piece === '' ? [] : [piece];
      }
      continue;
    }
    const { expression } = token;
    if (isAnyRest(expression, glob) && last) {
      if (current.length === 0) return finish(true, true);
      // "/api<.*>": the part of it that is made of whole segments.
      const [prefix] = current;
      if (current.length > 1 || typeof prefix !== 'string') return giveUp('an expression within a segment');
      loss ??= `"${prefix}" is the beginning of a segment there, and a whole one here`;
      segments.push({ kind: 'some', prefix: decoded(prefix), suffix: '' });
      written.push(/[{}*]/.test(prefix) ? '{' : prefix);
      return finish(true, true);
    }
    if (!glob && last && current.length > 0 && optionalRests.has(expression)) {
      close();
      return finish(true, true);
    }
    if (!staysInSegment(expression, glob))
      return giveUp(`"<${expression}>" can take more than one segment, or is not understood`);
    current.push(token);
  }
  const [only] = current;
  const empty = current.length === 1 && typeof only === 'object' && canBeEmpty(only.expression, glob);
  close();
  const read = finish(false, !written.includes('{'));
  if (!empty) return read;
  // "/a/<[^/]*>" takes "/a/" too, which is "/a" to a route.
  const shape = { ...read.shape, segments: segments.slice(0, -1), rest: true };
  return { ...read, shape, loss: read.loss ?? 'the last segment can be missing there' };
}

/** Of an expression that stays in its segment, or takes a whole one. */
function canBeEmpty(expression: string, glob: boolean): boolean {
  if (glob) return /^\*+$/.test(expression);
  try {
    return new RegExp(`^(?:${expression})$`).test('');
  } catch {
    return true;
  }
}

function isAnyRest(expression: string, glob: boolean): boolean {
  return glob ? expression === '**' : /^\(?\.[*+]\)?$/.test(expression);
}

function isWholeSegment({ expression }: { readonly expression: string }, glob: boolean): boolean {
  return !glob && /^\(?\[\^\/\](?:[*+]|\{1,\})\)?$/.test(expression);
}

/** Whether nothing that it matches holds a slash; false also when that cannot be seen. */
function staysInSegment(expression: string, glob: boolean): boolean {
  if (glob) return /^[A-Za-z0-9_*?-]+$/.test(expression) && !expression.includes('**');
  if (/^\(?\[\^\/[A-Za-z0-9._?#-]*\](?:[*+]|\{\d+(?:,\d*)?\})\)?$/.test(expression)) return true;
  return /^(?:[A-Za-z0-9_-]|\\[dw.-]|\[(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_]|\\[dw.-])+-?\]|[()|]|\?(?![<:=!])|[+*]|\{\d+(?:,\d*)?\})+$/.test(
    expression,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
