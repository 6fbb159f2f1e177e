/** Writes settled routes as a configuration, with comments where something was lost. */
import { type Document, isMap, isNode, isPair, isScalar, isSeq, type YAMLMap, Document as YamlDocument } from 'yaml';
import { routeNames, upstreamNames } from './imported-names.ts';
import type { ImportedAccess } from './imported-rule.ts';
import type { SettledRoute } from './settle.ts';
import { printable } from './source-text.ts';

/** Where the source names no service; the name can never be resolved (RFC 6761 section 6.4). */
export const noService = 'http://service.invalid:8080';

export interface GatewayParts {
  readonly routes: readonly SettledRoute[];
  readonly roles: readonly string[];
  readonly identityHeaders: ReadonlyMap<string, string>;
  /** Service of routes that name none. */
  readonly upstream: string | null;
  /** Such as `oathkeeper`, and the names of the files. */
  readonly head: string;
}

export function gatewayDocument({ routes, roles, identityHeaders, upstream, head }: GatewayParts): Document {
  const names = routeNames(routes);
  const serviceOf = ({ rule }: SettledRoute) => rule.upstream ?? upstream ?? noService;
  const services = upstreamNames(routes.map(serviceOf));
  const written = {
    version: 1,
    authApi: { url: '$' + '{AUTH_API_URL:-http://auth-api:8081}' },
    roles: Object.fromEntries(rolesIn(routes, roles).map((role) => [role, {}])),
    upstreams: Object.fromEntries([...services].map(([origin, name]) => [name, { targets: [origin] }])),
    ...(identityHeaders.size === 0 ? {} : { identityHeaders: Object.fromEntries(identityHeaders) }),
    routes: routes.map((route, index) => routeEntry(route, routes, names[index]!, services.get(serviceOf(route))!)),
  };
  const document = new YamlDocument(escaped(written), { aliasDuplicateObjects: false });
  document.commentBefore = ` ${printable(head)}`;
  // Not to be escaped: it is meant as a variable.
  document.setIn(['authApi', 'url'], written.authApi.url);
  const list = document.get('routes');
  if (isSeq(list)) {
    for (const [index, item] of list.items.entries()) {
      if (!isMap(item)) continue;
      flowWithin(item);
      const { remarks } = routes[index]!;
      if (remarks.length > 0) item.commentBefore = remarks.map((remark) => ` ${printable(remark)}`).join('\n');
    }
  }
  for (const key of ['roles', 'upstreams']) {
    const section = document.get(key);
    if (isMap(section)) flowWithin(section);
  }
  return document;
}

/** Values inside on one line each. */
export function flowWithin(map: YAMLMap): void {
  for (const pair of map.items) {
    if (isPair(pair) && (isMap(pair.value) || isSeq(pair.value))) pair.value.flow = true;
    if (isPair(pair) && isScalar(pair.key) && pair.key.value === 'when' && isSeq(pair.value)) {
      pair.value.flow = false;
      for (const one of pair.value.items) if (isNode(one) && isMap(one)) one.flow = true;
    }
  }
}

function routeEntry(route: SettledRoute, all: readonly SettledRoute[], id: string, upstream: string): object {
  const { rule, pattern, access, when } = route;
  const others = all.some((one) => one !== route && one.pattern === pattern);
  const words = [...access];
  const same = new Set(words.map(([, rule_]) => JSON.stringify(rule_))).size === 1;
  const every = access.has('*');
  const single = same && (every || others);
  const { stripPrefix, addPrefix } = rule;
  return {
    id,
    match: {
      ...(pattern.host === null ? {} : { host: pattern.host }),
      path: pattern.path,
      ...(others ? { methods: words.map(([method]) => method) } : {}),
    },
    upstream,
    access: single ? accessEntry(words[0]![1]) : byMethod(words),
    ...(when.length === 0 ? {} : { when }),
    ...(stripPrefix === '' && addPrefix === ''
      ? {}
      : { rewrite: { ...(stripPrefix === '' ? {} : { stripPrefix }), ...(addPrefix === '' ? {} : { addPrefix }) } }),
    ...(rule.websocket ? { websocket: true } : {}),
    ...(rule.anyCase ? { path: { caseSensitive: false } } : {}),
  };
}

function byMethod(words: readonly (readonly [method: string, access: ImportedAccess])[]): object {
  const grouped = new Map<string, { methods: string[]; access: ImportedAccess }>();
  for (const [method, access] of words) {
    const key = JSON.stringify(access);
    const group = grouped.get(key);
    if (group === undefined) grouped.set(key, { methods: [method], access });
    else group.methods.push(method);
  }
  return Object.fromEntries(
    [...grouped.values()].map(({ methods, access }) => [methods.join(','), accessEntry(access)]),
  );
}

function accessEntry(access: ImportedAccess): unknown {
  if (typeof access === 'string') return access;
  const { any, all } = access;
  if (all.length === 0) return any;
  return all.length === 1 && any.length === 0 ? all : { ...(any.length === 0 ? {} : { any }), all };
}

function rolesIn(routes: readonly SettledRoute[], declared: readonly string[]): string[] {
  const found = new Set(declared);
  for (const { access, when } of routes) {
    for (const rule of access.values()) {
      if (typeof rule !== 'string') for (const role of [...rule.any, ...rule.all]) found.add(role);
    }
    for (const { unless } of when) for (const role of unless ?? []) found.add(role);
  }
  return [...found].sort();
}

/** What looks like a variable is none. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$' + '{', '$$$' + '{');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
