/** The platform's route table: `method`, `relativePath`, `redirectTo`, `public`, `optional`, `roles`, `enabled`. */

import { ruleMethods } from '../../core/policy/access.ts';
import { denyUncertain } from './deny-uncertain.ts';
import {
  deny,
  type ImportedAccess,
  type ImportedRule,
  type Leftover,
  plainRule,
  sameDemands,
  sameEffect,
} from './imported-rule.ts';
import {
  keyOf,
  literalPath,
  type PathPattern,
  parameterName,
  pathsMeet,
  patternOf,
  takesRest,
} from './path-patterns.ts';
import type { ReadSource } from './read-source.ts';
import { splitUrl } from './read-values.ts';
import { child, entriesOf, isMapping, listOf, refuse, textOf, textsOf } from './source-node.ts';
import { printable, type SourceNode } from './source-text.ts';

const knownKeys = new Set([
  'method',
  'relativePath',
  'redirectTo',
  'public',
  'roles',
  'enabled',
  'optional',
  'description',
  'region',
]);
const roleName = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/;

export function isPlatform(document: SourceNode): boolean {
  return rowsOf(document).some((row) => child(row, 'relativePath') !== undefined);
}

export function readPlatform(documents: readonly SourceNode[]): ReadSource {
  const lost: Leftover[] = [];
  const rows = documents.flatMap((document) => rowsOf(document).map((row) => readRow(row, lost)));
  const rules = denyUncertain(rows, isSafe);
  return { rules: [...rules, ...closedHeads(rules)], lost, auth: null };
}

interface Row {
  readonly rule: ImportedRule;
  /** Whether the pattern matches nothing else. */
  readonly exact: boolean;
  /** Its path ends with a slash. */
  readonly slash: boolean;
}

/**
 * As in Rolegate, a literal takes precedence over `:name`, and that over `*any`. The difference is a slash at the end of the path.
 */
function isSafe(own: Row, other: Row): boolean {
  const [{ rule: a }, { rule: b }] = [own, other];
  if (!methodsMeet(a, b)) return true;
  if (keyOf(a.pattern!) === keyOf(b.pattern!)) return sameEffect(a, b);
  return sameDemands(a, b) || (other.exact && !slashRivals(own, other));
}

function methodsMeet(a: ImportedRule, b: ImportedRule): boolean {
  if (a.methods === null || b.methods === null) return true;
  return a.methods.some((method) => b.methods!.includes(method));
}

/** In Rolegate "/a" also matches "/a/", and "/a/**" also matches "/a". Whether these requests may belong to the other row. */
function slashRivals(own: Row, other: Row): boolean {
  const [a, b] = [own.rule.pattern!, other.rule.pattern!];
  if (!takesRest(a)) return a.segments.length > 0 && (takesRest(b) || own.slash !== other.slash);
  return takesRest(b) || b.segments.length === a.segments.length - 1;
}

/** In Rolegate HEAD follows the row of GET. If a wider row controls HEAD, it stays closed. */
function closedHeads(rules: readonly ImportedRule[]): readonly ImportedRule[] {
  const claims = ({ methods }: ImportedRule) => methods === null || methods.includes('HEAD');
  const placed = rules.filter(({ pattern }) => pattern !== null);
  const keys = new Set(placed.filter(claims).map(({ pattern }) => keyOf(pattern!)));
  return placed.flatMap((rule): ImportedRule[] => {
    const key = keyOf(rule.pattern!);
    if (rule.access === 'deny' || rule.methods?.includes('GET') !== true || keys.has(key)) return [];
    const wider = placed.find(
      (other) => claims(other) && pathsMeet(other.pattern!, rule.pattern!) && !sameDemands(other, rule),
    );
    if (wider === undefined) return [];
    keys.add(key);
    const head = { ...rule, name: `${rule.name}-head`, methods: ['HEAD'], remarks: [], stricter: [], added: true };
    return [deny(head, `HEAD may belong to ${wider.name} (line ${wider.place.line})`)];
  });
}

function rowsOf(document: SourceNode): readonly SourceNode[] {
  return listOf(Array.isArray(document.value) ? document : child(document, 'routes'));
}

function readRow(row: SourceNode, lost: Leftover[]): Row {
  if (!isMapping(row)) return refuse(row, 'a row of the table must be a mapping');
  const { file, line } = row;
  const path = textOf(child(row, 'relativePath'));
  if (path === null) return refuse(row, '"relativePath" is missing');
  const method = (textOf(child(row, 'method')) ?? '').toUpperCase();
  const every = method === 'ANY' || method === '*';
  const known = ruleMethods.includes(method);
  const read = readPath(path.startsWith('/') ? path : `/${path}`);
  const service = splitUrl(textOf(child(row, 'redirectTo')));
  const demand = readAccess(row);
  const description = textOf(child(row, 'description'));
  const region = child(row, 'region');
  const name = nameOf(method, path);
  if (region !== undefined) {
    const { line } = region;
    lost.push({ kind: 'lost', file, line, what: name, why: 'its "region" has no equivalent' });
  }
  const reasons = [
    every || known ? null : `no ${printable(method) || 'such'} request is ever forwarded`,
    oddKey(row),
    read.why,
    service === null ? '"redirectTo" is not the base URL of a service' : null,
    typeof demand === 'object' && 'why' in demand ? demand.why : null,
  ];
  const denied = reasons.find((reason) => reason !== null) ?? null;
  const rule: ImportedRule = {
    ...plainRule,
    name,
    place: { file, line },
    pattern: read.pattern,
    methods: every ? null : known ? [method] : [],
    access: denied !== null || (typeof demand === 'object' && 'why' in demand) ? 'deny' : demand,
    upstream: service?.origin ?? null,
    addPrefix: service?.path ?? '',
    remarks: description === null ? [] : [printable(description)],
    denied,
  };
  return { rule, exact: read.why === null, slash: path.endsWith('/') };
}

function oddKey(row: SourceNode): string | null {
  const odd = entriesOf(row).find(([key]) => !knownKeys.has(key));
  return odd === undefined ? null : `the meaning of "${printable(odd[0])}" is unknown`;
}

function readAccess(row: SourceNode): ImportedAccess | { readonly why: string } {
  const flags = new Map<string, boolean>();
  for (const key of ['public', 'optional', 'enabled']) {
    const node = child(row, key);
    if (node === undefined || node.value === null) continue;
    if (typeof node.value !== 'boolean') return { why: `"${key}" is neither true nor false` };
    flags.set(key, node.value);
  }
  const rolesNode = child(row, 'roles');
  const roles = rolesNode === undefined || rolesNode.value === null ? [] : textsOf(rolesNode);
  if (roles === null) return { why: '"roles" is not a list of names' };
  if (flags.get('enabled') === false) return 'deny';
  const [open, optional] = [flags.get('public') === true, flags.get('optional') === true];
  if (open && optional) return { why: 'it is public and optional' };
  if (roles.length === 0) return open ? 'public' : optional ? 'optional' : 'authenticated';
  if (open || optional) return { why: `it is ${open ? 'public' : 'optional'} and has roles` };
  const odd = roles.find((role) => !roleName.test(role));
  if (odd !== undefined) return { why: `${JSON.stringify(printable(odd))} cannot be the name of a role` };
  return { any: [...new Set(roles)], all: [] };
}

/** `/user/:id` and `/files/*any`. `why`: why the pattern matches more. */
function readPath(path: string): { readonly pattern: PathPattern | null; readonly why: string | null } {
  const names = new Set<string>();
  const segments: string[] = [];
  let why: string | null = null;
  const parts = path.replace(/\/$/, '').split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    if (part.startsWith('*')) {
      segments.push('**');
      if (index < parts.length - 1) why = `"${printable(part)}" is allowed only at the end of a path`;
      break;
    }
    if (/^:[^:*]*$/.test(part)) segments.push(`{${parameterName(part.slice(1), index, names)}}`);
    else if (/[:*]/.test(part)) {
      why = `"${printable(part)}" is only part of a segment, which has no equivalent`;
      segments.push(`{${parameterName('part', index, names)}}`);
    } else segments.push(part === '' ? '' : literalPath(part));
  }
  return { pattern: patternOf(null, `/${segments.join('/')}`), why };
}

function nameOf(method: string, path: string): string {
  const words = path
    .replace(/[:*]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return [method.toLowerCase().replace('*', 'any'), ...words].join('-');
}
