/** The platform's table of routes: `method`, `relativePath`, `redirectTo`, `public`, `optional`, `roles`, `enabled`. */

import { alternativesOf } from './access-alternatives.ts';
import type { ImportedAccess, ImportedRule, Leftover } from './imported-rule.ts';
import { patternOf, shapeOf } from './path-shape.ts';
import type { ReadSource } from './read-source.ts';
import { readMethods, splitUrl } from './read-values.ts';
import type { Semantics } from './settle.ts';
import { child, entriesOf, isMapping, listOf, refuse, textOf, textsOf } from './source-node.ts';
import { printable, type SourceNode } from './source-text.ts';

export const platformSemantics: Semantics = { overlaps: 'specific', wins: () => true };

const known = new Set([
  'method',
  'relativePath',
  'redirectTo',
  'public',
  'roles',
  'enabled',
  'optional',
  'description',
]);

export function isPlatform(document: SourceNode): boolean {
  return rowsOf(document).some((row) => child(row, 'relativePath') !== undefined);
}

export function readPlatform(documents: readonly SourceNode[]): ReadSource {
  const leftovers: Leftover[] = [];
  const rules = documents.flatMap((document) => rowsOf(document).map((row) => readRow(row, leftovers)));
  return { rules, leftovers, roles: [], identityHeaders: new Map() };
}

function rowsOf(document: SourceNode): readonly SourceNode[] {
  return listOf(Array.isArray(document.value) ? document : child(document, 'routes'));
}

function readRow(row: SourceNode, leftovers: Leftover[]): ImportedRule {
  if (!isMapping(row)) return refuse(row, 'a row of the table is a mapping');
  const { file, line } = row;
  const path = textOf(child(row, 'relativePath')) ?? '';
  const written = (textOf(child(row, 'method')) ?? '').toUpperCase();
  const what = `${written} ${printable(path)}`.trim();
  const remarks: string[] = [];
  const tell = (why: string, at: SourceNode = row) => leftovers.push({ file, line: at.line, what, why });
  const deny = (why: string, at?: SourceNode): 'deny' => {
    tell(`denied, because ${why}`, at);
    remarks.push(`denied: ${why}`);
    return 'deny';
  };
  for (const [key, value] of entriesOf(row)) if (!known.has(key)) tell(`its "${printable(key)}"`, value);
  const description = textOf(child(row, 'description'));
  if (description !== null) remarks.push(printable(description));
  const every = written === 'ANY' || written === '*';
  const methods = every ? null : (readMethods({ ...row, value: [child(row, 'method') ?? row] }, tell) ?? []);
  const pattern = patternOf(null, pathOf(path));
  if (pattern === null) tell('left out: no path pattern is like it', child(row, 'relativePath'));
  const service = splitUrl(textOf(child(row, 'redirectTo')));
  let access = accessOf(row, deny);
  if (access === 'public' && child(row, 'optional')?.value === true) {
    tell('it is public and optional: no credential is read', child(row, 'optional'));
  }
  if (service === null) access = deny('"redirectTo" is no base URL of a service', child(row, 'redirectTo'));
  return {
    name: nameOf(written, path),
    place: { file, line },
    shape: pattern === null ? { host: null, segments: [], rest: true } : shapeOf(pattern),
    pattern,
    methods,
    access,
    when: [],
    upstream: service?.origin ?? null,
    stripPrefix: '',
    addPrefix: service?.path ?? '',
    anyCase: false,
    websocket: false,
    remarks,
  };
}

function accessOf(row: SourceNode, deny: (why: string, at?: SourceNode) => 'deny'): ImportedAccess {
  const flags = new Map<string, boolean>();
  for (const key of ['public', 'optional', 'enabled']) {
    const node = child(row, key);
    if (node === undefined || node.value === null) continue;
    if (typeof node.value !== 'boolean') return deny(`"${key}" is neither true nor false`, node);
    flags.set(key, node.value);
  }
  const rolesNode = child(row, 'roles');
  const roles = rolesNode === undefined || rolesNode.value === null ? [] : textsOf(rolesNode);
  if (roles === null) return deny('"roles" is no list of names', rolesNode);
  if (flags.get('enabled') === false) return deny('it is not enabled');
  const open = flags.get('public') === true ? 'public' : flags.get('optional') === true ? 'optional' : null;
  if (roles.length === 0) return open ?? 'authenticated';
  if (open !== null) return deny(`it is ${open} and has roles`, rolesNode);
  const { access, loss } = alternativesOf(roles.map((role) => [role]));
  return access === 'deny' ? deny(loss?.replace(/^denied, because /, '') ?? 'of its roles', rolesNode) : access;
}

/** `/user/:id` and `/files/*any`. */
function pathOf(path: string): string {
  const names = new Set<string>();
  const parts = path.split('/').map((part, index) => {
    if (part.startsWith('*')) return '**';
    // Braces would be a parameter.
    if (!part.startsWith(':')) return /[{}*]/.test(part) ? '{' : part;
    const base = part
      .slice(1)
      .replace(/[^A-Za-z0-9_]/g, '_')
      .replace(/^(?=\d|$)/, '_');
    const name = names.has(base) ? `${base}_${index}` : base;
    names.add(name);
    return `{${name}}`;
  });
  return parts.join('/');
}

function nameOf(method: string, path: string): string {
  const words = path
    .replace(/[:*]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return [method.toLowerCase().replace('*', 'any'), ...words].join('-');
}
