/** Security requirements of an OpenAPI 3.0 or 3.1 document, operation by operation. */
import type { ImportedRule, Leftover } from './imported-rule.ts';
import { type Demand, readSecurity, type Scheme } from './openapi-security.ts';
import { literalPath, type PathPattern, type PathShape, patternOf, type ShapeSegment } from './path-shape.ts';
import type { ReadSettings, ReadSource } from './read-source.ts';
import type { Semantics } from './settle.ts';
import { child, entriesOf, isMapping, listOf, refuse, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

/** A path without a template counts before one with it (OpenAPI 3.1 section 4.8.8.2). */
export const openApiSemantics: Semantics = {
  overlaps: 'specific',
  wins: (winner, loser) => {
    const own = winner.pattern?.segments ?? [];
    const at = loser.shape.segments.findIndex((segment, i) => segment.kind !== 'literal' || own[i]?.kind !== 'literal');
    return at >= 0 && own[at]?.kind === 'literal' && loser.shape.segments[at]?.kind !== 'literal';
  },
};

const operations = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'query'];

export function isOpenApi(document: SourceNode): boolean {
  return child(document, 'openapi') !== undefined || child(document, 'swagger') !== undefined;
}

export function readOpenApi(documents: readonly SourceNode[], settings: ReadSettings): ReadSource {
  const leftovers: Leftover[] = [];
  const parts = documents.map((document) => readDocument(document, settings, leftovers));
  return {
    rules: parts.flatMap(({ rules }) => rules),
    leftovers,
    roles: [],
    identityHeaders: new Map(),
  };
}

function readDocument(document: SourceNode, settings: ReadSettings, leftovers: Leftover[]) {
  const version = textOf(child(document, 'openapi')) ?? '';
  if (!/^3\.[01](?:\.|$)/.test(version)) refuse(document, 'expected an OpenAPI document of version 3.0 or 3.1');
  const paths = child(document, 'paths');
  if (paths !== undefined && !isMapping(paths)) refuse(paths, '"paths" is a mapping');
  const schemes = schemesOf(document, leftovers);
  const bases = basePaths(child(document, 'servers'), leftovers);
  const rules = entriesOf(paths).flatMap(([path, item]) => {
    if (!path.startsWith('/')) return [];
    const tell = (why: string, at: SourceNode = item) =>
      leftovers.push({ file: at.file, line: at.line, what: path, why });
    const own = child(item, 'servers') === undefined ? bases : basePaths(child(item, 'servers'), leftovers);
    if (child(item, '$ref') !== undefined) {
      tell('denied, because it stands in another file ("$ref")');
      return own.flatMap((base) =>
        ruleOf({ base, path, item, methods: null, name: path, demand: denied, settings, tell }),
      );
    }
    return entriesOf(item).flatMap(([key, operation]) => {
      if (key === 'trace') tell('TRACE is never forwarded', operation);
      if (!operations.includes(key)) return [];
      const method = key.toUpperCase();
      const name =
        textOf(child(operation, 'operationId')) ?? `${key}${path.replace(/[^A-Za-z0-9]+/g, '-')}`.replace(/-$/, '');
      const told = (why: string, at: SourceNode = operation) =>
        leftovers.push({ file: at.file, line: at.line, what: `${method} ${path}`, why });
      const demand = readSecurity(child(operation, 'security') ?? child(document, 'security'), schemes, told);
      const servers = child(operation, 'servers');
      const places = servers === undefined ? own : basePaths(servers, leftovers);
      return places.flatMap((base) =>
        ruleOf({ base, path, item: operation, methods: [method], name, demand, settings, tell: told }),
      );
    });
  });
  return { rules };
}

const denied: Demand = { access: 'deny', when: [], remark: 'denied: it stands in another file' };

interface RuleParts {
  readonly base: string;
  readonly path: string;
  readonly item: SourceNode;
  readonly methods: readonly string[] | null;
  readonly name: string;
  readonly demand: Demand;
  readonly settings: ReadSettings;
  readonly tell: (why: string, at?: SourceNode) => void;
}

function ruleOf({ base, path, item, methods, name, demand, settings, tell }: RuleParts): ImportedRule[] {
  const { shape, pattern } = readTemplate(`${base}${path}`, settings.widen);
  if (pattern === null)
    tell(
      `left out: a template within a segment${settings.widen ? '' : '; --widen lets a route take the whole segment'}`,
    );
  return [
    {
      name,
      place: { file: item.file, line: item.line },
      shape,
      pattern,
      methods,
      access: demand.access,
      when: demand.when,
      upstream: null,
      stripPrefix: '',
      addPrefix: '',
      anyCase: false,
      websocket: false,
      remarks: demand.remark === null ? [] : [demand.remark],
    },
  ];
}

function readTemplate(
  path: string,
  widen: boolean,
): { readonly shape: PathShape; readonly pattern: PathPattern | null } {
  const names = new Set<string>();
  const written: string[] = [];
  let whole = true;
  let greedy = false;
  const parts = path.split('/').slice(1);
  // "/a/" is "/a" to a route.
  if (parts.at(-1) === '' && parts.length > 1) parts.pop();
  const segments = parts.map((part, index): ShapeSegment => {
    if (!/[{}]/.test(part)) {
      written.push(part === '' ? '' : literalPath(safely(part)));
      return { kind: 'literal', text: safely(part) };
    }
    const template = /^\{([^{}+*]+)\}$/.exec(part);
    if (template === null && /^\{[^{}]+[+*]\}$/.test(part)) greedy = true;
    if (template !== null || (widen && !greedy)) {
      const base = (template?.[1] ?? 'part')
        .replace(/[^A-Za-z0-9_]/g, '_')
        .replace(/^(?=\d)/, '_')
        .slice(0, 50);
      const name = names.has(base) ? `${base}_${index}` : base;
      names.add(name);
      written.push(`{${name}}`);
      return { kind: 'param' };
    }
    whole = false;
    const [prefix = ''] = part.split('{', 1);
    return {
      kind: 'some',
      prefix: greedy ? '' : safely(prefix),
      suffix: greedy ? '' : safely(part.slice(part.lastIndexOf('}') + 1)),
    };
  });
  const only = segments.length === 1 && segments[0]!.kind === 'literal' && segments[0]!.text === '';
  const shape: PathShape = { host: null, segments: only ? [] : segments, rest: greedy };
  return { shape, pattern: whole ? patternOf(null, `/${written.join('/')}`) : null };
}

function safely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Paths of the servers; without any, the top. Variables have their defaults. */
function basePaths(servers: SourceNode | undefined, leftovers: Leftover[]): readonly string[] {
  const bases = new Set<string>();
  for (const server of listOf(servers)) {
    let url = textOf(child(server, 'url')) ?? '/';
    for (const [name, variable] of entriesOf(child(server, 'variables'))) {
      const chosen = textOf(child(variable, 'default')) ?? '';
      url = url.replaceAll(`{${name}}`, chosen);
      if (listOf(child(variable, 'enum')).length > 1) {
        leftovers.push({
          file: variable.file,
          line: variable.line,
          what: `variable ${name}`,
          why: `only its default "${chosen}" is carried over`,
        });
      }
    }
    const base = 'http://any.example';
    if (!URL.canParse(url, base)) {
      leftovers.push({ file: server.file, line: server.line, what: 'a server', why: 'its URL cannot be read' });
      continue;
    }
    bases.add(new URL(url, base).pathname.replace(/\/+$/, ''));
  }
  return bases.size === 0 ? [''] : [...bases];
}

function schemesOf(document: SourceNode, leftovers: Leftover[]): ReadonlyMap<string, Scheme> {
  const schemes = new Map<string, Scheme>();
  for (const [name, node] of entriesOf(child(document, 'components', 'securitySchemes'))) {
    const type = textOf(child(node, 'type'));
    const http = textOf(child(node, 'scheme'))?.toLowerCase();
    const inHeader = textOf(child(node, 'in')) === 'header';
    const bearer = type === 'oauth2' || type === 'openIdConnect' || (type === 'http' && http === 'bearer');
    const key = type === 'apiKey' && inHeader;
    if (!bearer && !key) {
      const what = `security scheme ${name}`;
      const why = 'clients send a bearer, or an API key with its secret, instead';
      leftovers.push({ file: node.file, line: node.line, what, why });
    }
    schemes.set(name, bearer ? 'bearer' : key ? 'key' : 'other');
  }
  return schemes;
}
