/** Writes settled routes as a configuration, with comments where something is missing. */
import { type Document, isMap, isPair, isSeq, type YAMLMap, Document as YamlDocument } from 'yaml';
import { routeNames, upstreamNames } from './imported-names.ts';
import type { ImportedAccess } from './imported-rule.ts';
import type { SettledRoute } from './settle.ts';
import { printable } from './source-text.ts';

/** Used if the source specifies no service. The name never resolves (RFC 6761 section 6.4). */
export const noService = 'http://service.invalid:8080';

export interface GatewayParts {
  readonly routes: readonly SettledRoute[];
  /** Service of routes that specify none. */
  readonly upstream: string | null;
  /** For example `openapi`, and the names of the files. */
  readonly head: string;
}

export function gatewayDocument({ routes: settled, upstream, head }: GatewayParts): Document {
  const routes = oneRuleEach(settled);
  const names = routeNames(routes);
  const serviceOf = ({ rule }: SettledRoute) => rule.upstream ?? upstream ?? noService;
  const services = upstreamNames(routes.map(serviceOf));
  const content = {
    version: 1,
    authApi: { url: '$' + '{AUTH_API_URL:-http://auth-api:8081}' },
    roles: Object.fromEntries(rolesIn(routes).map((role) => [role, {}])),
    upstreams: Object.fromEntries([...services].map(([origin, name]) => [name, { targets: [origin] }])),
    routes: routes.map((route, index) => routeEntry(route, routes, names[index]!, services.get(serviceOf(route))!)),
  };
  const document = new YamlDocument(escaped(content), { aliasDuplicateObjects: false });
  document.commentBefore = ` ${printable(head)}`;
  // Not escaped, because this is a variable.
  document.setIn(['authApi', 'url'], content.authApi.url);
  const list = document.get('routes');
  if (isSeq(list)) {
    for (const [index, item] of list.items.entries()) {
      if (!isMap(item)) continue;
      flowWithin(item);
      const remarks = remarksOf(routes[index]!);
      if (remarks.length > 0) item.commentBefore = remarks.map((remark) => ` ${printable(remark)}`).join('\n');
    }
  }
  for (const key of ['roles', 'upstreams']) {
    const section = document.get(key);
    if (isMap(section)) flowWithin(section);
  }
  return document;
}

/** Writes each value inside on one line. */
export function flowWithin(map: YAMLMap): void {
  for (const pair of map.items) {
    if (isPair(pair) && (isMap(pair.value) || isSeq(pair.value))) pair.value.flow = true;
  }
}

/** What a reader of the route must know, above all why it is denied. */
function remarksOf({ rules }: SettledRoute): readonly string[] {
  const lines = rules.flatMap(({ name, methods, remarks, denied, stricter }) => {
    const of = rules.length === 1 ? '' : `${methods?.join(',') ?? name}: `;
    return [
      ...remarks,
      ...(denied === null ? [] : [`${of}denied: ${denied}`]),
      ...stricter.map((why) => `${of}stricter: ${why}`),
    ];
  });
  return [...new Set(lines)];
}

/** Routes share a pattern by methods in `match`, and such a route has one rule for all of them. */
function oneRuleEach(routes: readonly SettledRoute[]): readonly SettledRoute[] {
  return routes.flatMap((route) => {
    const { methods, pattern } = route;
    if (methods === null || !routes.some((one) => one !== route && one.pattern === pattern)) return [route];
    const byRule = Map.groupBy(methods, ([, access]) => JSON.stringify(access));
    return [...byRule.values()].map((group) => ({ ...route, methods: new Map(group) }));
  });
}

function routeEntry(route: SettledRoute, all: readonly SettledRoute[], id: string, upstream: string): object {
  const { rule, pattern, methods } = route;
  const listed = methods !== null && all.some((one) => one !== route && one.pattern === pattern);
  return {
    id,
    match: {
      ...(pattern.host === null ? {} : { host: pattern.host }),
      path: pattern.path,
      ...(listed ? { methods: [...methods.keys()] } : {}),
    },
    upstream,
    access: methods === null ? accessEntry(route.access) : byMethod([...methods], listed),
    ...(rule.addPrefix === '' ? {} : { rewrite: { addPrefix: rule.addPrefix } }),
  };
}

/** `listed`: `match` lists the methods. */
function byMethod(words: readonly (readonly [method: string, access: ImportedAccess])[], listed: boolean): unknown {
  if (listed) return accessEntry(words[0]![1]);
  const groups = Map.groupBy(words, ([, access]) => JSON.stringify(access));
  return Object.fromEntries(
    [...groups.values()].map((group) => [group.map(([method]) => method).join(','), accessEntry(group[0]![1])]),
  );
}

function accessEntry(access: ImportedAccess): unknown {
  if (typeof access === 'string') return access;
  const { any, all } = access;
  if (all.length === 0) return any;
  return all.length === 1 && any.length === 0 ? all : { ...(any.length === 0 ? {} : { any }), all };
}

function rolesIn(routes: readonly SettledRoute[]): string[] {
  const rules = routes.flatMap(({ access, methods }) => [access, ...(methods?.values() ?? [])]);
  const names = rules.flatMap((rule) => {
    if (typeof rule === 'string') return [];
    return [...rule.any.flatMap((term) => (typeof term === 'string' ? term : term.all)), ...rule.all];
  });
  return [...new Set(names)].sort();
}

/** Escapes texts that only look like a variable. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$' + '{', '$$$' + '{');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
