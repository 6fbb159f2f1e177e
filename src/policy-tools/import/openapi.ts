/** Security requirements of an OpenAPI 3.0 or 3.1 document, operation by operation. */
import { denyUncertain } from './deny-uncertain.ts';
import { type ImportedRule, type Leftover, plainRule, sameDemands } from './imported-rule.ts';
import { readSecurity, type SchemeChoice, schemesIn } from './openapi-security.ts';
import { shapesIn } from './openapi-shapes.ts';
import { readTemplate, type Template } from './openapi-template.ts';
import { type PathPattern, pathContains } from './path-patterns.ts';
import { chooseAuth, type ReadSettings, type ReadSource } from './read-source.ts';
import { child, entriesOf, follow, isMapping, listOf, refuse, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

const operations = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

export function isOpenApi(document: SourceNode): boolean {
  return child(document, 'openapi') !== undefined || child(document, 'swagger') !== undefined;
}

export function readOpenApi(documents: readonly SourceNode[], { auth }: ReadSettings): ReadSource {
  documents.forEach(checkVersion);
  const used = new Set(documents.flatMap(usedSchemes));
  const choice = chooseAuth([...used], auth, 'security schemes');
  if (auth !== null && !used.has(auth)) refuse(documents[0]!, `no operation requires a security scheme "${auth}"`);
  const lost: Leftover[] = [];
  const all = documents.flatMap((document) => readDocument(document, choice, lost));
  const byPath = Map.groupBy(all, ({ id }) => id);
  const rules = denyUncertain(all, (own, other) => isSafe(own, other, byPath.get(other.id)!));
  return { rules, lost, auth: choice.auth };
}

interface Operation extends Template {
  readonly rule: ImportedRule;
  /** Path and server; equal for all operations of one path. */
  readonly id: string;
  readonly base: string;
}

/**
 * Whether the document gives `own` every request that both can match. OpenAPI prefers a path without templates to one with them. A
 * path whose requests all match another one must take precedence, or it would never apply. Anything else is up to the tool.
 */
function isSafe(own: Operation, other: Operation, siblings: readonly Operation[]): boolean {
  if (own.id === other.id) return true;
  const described = siblings.filter(({ rule }) => bearsOn(own.rule, rule));
  const same = described.length > 0 && described.every(({ rule }) => sameDemands(rule, own.rule));
  if (same && described.some(({ rule }) => rule.methods?.[0] !== 'HEAD' || own.rule.methods?.[0] === 'HEAD'))
    return true;
  const [a, b] = [own.rule.pattern!, other.rule.pattern!];
  // For "/{name}.json" and "/{name}" the document does not specify the precedence.
  if (own.base !== other.base || hasTextAround(a)) return false;
  const inBoth = pathContains(b, a);
  // "/a" and "/a/" are one route; methods that only one of them has are its own.
  if (inBoth && pathContains(a, b))
    return own.exact && other.exact && own.slash !== other.slash && described.length === 0;
  return own.slash === other.slash && (other.exact ? inBoth : inBoth && a.params.length === 0);
}

function hasTextAround({ segments }: PathPattern): boolean {
  return segments.some((one) => one.kind === 'param' && one.form !== null && one.form.before + one.form.after !== '');
}

/** Whether another operation controls access for the method of `own`. HEAD follows GET unless it is described. */
function bearsOn(own: ImportedRule, { methods }: ImportedRule): boolean {
  const [method] = own.methods ?? [];
  if (methods === null || methods[0] === method) return true;
  return (method === 'GET' && methods[0] === 'HEAD') || (method === 'HEAD' && methods[0] === 'GET');
}

function checkVersion(document: SourceNode): void {
  if (child(document, 'swagger') !== undefined) {
    refuse(document, 'this is Swagger 2.0; convert it to OpenAPI 3 first, such as with "npx swagger2openapi"');
  }
  if (/^3\.[01](?:\.|$)/.test(textOf(child(document, 'openapi')) ?? '')) return;
  refuse(document, 'expected an OpenAPI document of version 3.0 or 3.1');
}

/** An operation, or a path item that is not read as operations. */
interface Entry {
  readonly path: string;
  readonly item: SourceNode;
  /** Null: the item applies to every method. */
  readonly method: string | null;
  readonly node: SourceNode;
  readonly denied: string | null;
}

const elsewhere = 'it is a reference to another file; bundle the files into one first ("npx @redocly/cli bundle")';

/** Follows references within the document; denies any others. */
function* entriesIn(document: SourceNode): Generator<Entry> {
  const paths = child(document, 'paths');
  if (paths !== undefined && !isMapping(paths)) refuse(paths, '"paths" must be a mapping');
  for (const [path, source] of entriesOf(paths)) {
    if (!path.startsWith('/')) continue;
    const item = follow(document, source);
    if (item === null) {
      yield { path, item: source, method: null, node: source, denied: elsewhere };
      continue;
    }
    for (const [key, operation] of entriesOf(item)) {
      if (!operations.includes(key)) continue;
      const node = follow(document, operation);
      const method = key.toUpperCase();
      if (node === null) yield { path, item, method, node: operation, denied: elsewhere };
      else yield { path, item, method, node, denied: isMapping(node) ? null : 'the operation is not a mapping' };
    }
  }
}

function declaredSchemes(document: SourceNode): ReadonlySet<string> {
  return new Set(entriesOf(child(document, 'components', 'securitySchemes')).map(([name]) => name));
}

function usedSchemes(document: SourceNode): readonly string[] {
  const declared = declaredSchemes(document);
  const whole = child(document, 'security');
  const used = [...entriesIn(document)].flatMap(({ node, denied }) =>
    denied === null ? schemesIn(child(node, 'security') ?? whole) : [],
  );
  return used.filter((name) => declared.has(name));
}

function readDocument(
  document: SourceNode,
  choice: Pick<SchemeChoice, 'auth' | 'others'>,
  lost: Leftover[],
): readonly Operation[] {
  const declared = declaredSchemes(document);
  const whole = child(document, 'security');
  const shapes = shapesIn(document);
  return [...entriesIn(document)].flatMap(({ path, item, method, node, denied }) => {
    const servers = child(node, 'servers') ?? child(item, 'servers') ?? child(document, 'servers');
    const demand =
      denied === null
        ? readSecurity(child(node, 'security') ?? whole, { ...choice, declared })
        : ({ access: 'deny', denied, stricter: [] } as const);
    const { file, line } = node;
    return readServers(servers, lost).map((base, index): Operation => {
      const template = readTemplate(`${base}${path}`, shapes.get(path));
      const because = template.exact ? demand.denied : (demand.denied ?? template.why);
      return {
        ...template,
        id: `${base} ${path}`,
        base,
        rule: {
          ...plainRule,
          name: textOf(child(node, 'operationId')) ?? `${method ?? 'any'}${path.replace(/[^A-Za-z0-9]+/g, '-')}`,
          place: { file, line },
          pattern: template.pattern,
          methods: method === null ? null : [method],
          access: because === null ? demand.access : 'deny',
          denied: because,
          stricter: because === null ? demand.stricter : [],
          added: index > 0,
        },
      };
    });
  });
}

/** Without servers: the root. Variables have their defaults. */
export function readServers(servers: SourceNode | undefined, lost: Leftover[]): readonly string[] {
  const bases = new Set<string>();
  for (const server of listOf(servers)) {
    let url = textOf(child(server, 'url')) ?? '/';
    for (const [name, variable] of entriesOf(child(server, 'variables'))) {
      const chosen = textOf(child(variable, 'default')) ?? '';
      url = url.replaceAll(`{${name}}`, chosen);
      if (listOf(child(variable, 'enum')).length > 1) {
        const why = `only its default "${chosen}" is imported`;
        lost.push({ kind: 'lost', file: variable.file, line: variable.line, what: `server variable ${name}`, why });
      }
    }
    const base = 'http://any.example';
    if (URL.canParse(url, base)) bases.add(new URL(url, base).pathname.replace(/\/+$/, ''));
    else lost.push({ kind: 'lost', file: server.file, line: server.line, what: 'a server', why: 'its URL is invalid' });
  }
  return bases.size === 0 ? [''] : [...bases];
}
