/** Valid, unique ids of routes and names of upstreams, made from words of the source. */
import type { SettledRoute } from './settle.ts';

export function routeNames(routes: readonly SettledRoute[]): readonly string[] {
  const taken = new Set<string>();
  return routes.map(({ rule, pattern, methods: listed }) => {
    const fitting = nameFrom(rule.name, 80);
    const methods = [...(listed?.keys() ?? [])].map((method) => method.toLowerCase());
    const path = pattern.segments.map((segment) =>
      'text' in segment ? segment.text : 'name' in segment ? segment.name : 'rest',
    );
    const longer = nameFrom([fitting, ...path, ...methods].join('-'), 90);
    return once(taken.has(fitting) && !taken.has(longer) ? longer : fitting, taken);
  });
}

/** Names by origin. */
export function upstreamNames(origins: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(['auth-api']);
  for (const origin of origins) {
    if (names.has(origin)) continue;
    const { hostname } = new URL(origin);
    const label = /^[\d.[\]:]+$/.test(hostname)
      ? `service-${hostname.replace(/[^\d]+/g, '-')}`
      : (hostname.split('.')[0] ?? '');
    names.set(origin, once(nameFrom(label, 80), taken));
  }
  return names;
}

function nameFrom(text: string, longest: number): string {
  const fitting = text
    .replace(/[^A-Za-z0-9_.:-]+/g, '-')
    .replace(/^[^A-Za-z0-9_]+|-+$/g, '')
    .slice(0, longest);
  return fitting === '' ? 'route' : fitting;
}

function once(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n += 1) free = `${name}-${n}`;
  taken.add(free);
  return free;
}
