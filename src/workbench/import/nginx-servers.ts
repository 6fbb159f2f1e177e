/** What a server of nginx does that the tree of routes does not: it takes no paths from servers of other hosts. */
import { atLeastAsStrict, both, type ImportedRule, type Leftover } from './imported-rule.ts';
import { contains, patternOf, shapeOf } from './path-shape.ts';

/** Where there are rules without a host, a host with rules of its own must not fall back to them. */
export function closedHosts(rules: readonly ImportedRule[]): readonly ImportedRule[] {
  const open = rules.filter(({ shape }) => shape.host === null || shape.host.startsWith('*.'));
  if (open.length === 0) return [];
  const hosts = new Map<string, ImportedRule>();
  for (const rule of rules)
    if (rule.shape.host !== null && !hosts.has(rule.shape.host)) hosts.set(rule.shape.host, rule);
  return [...hosts].flatMap(([host, first]) => {
    const pattern = patternOf(host, '/**');
    const taken = rules.some(
      (rule) =>
        rule.shape.host === host && rule.pattern !== null && pattern !== null && contains(rule.pattern, pattern),
    );
    if (pattern === null || taken) return [];
    return [
      {
        ...first,
        name: `${host}-rest`,
        shape: shapeOf(pattern),
        pattern,
        methods: null,
        access: 'deny' as const,
        when: [],
        stripPrefix: '',
        addPrefix: '',
        remarks: [`${host} has paths of its own, so it gets none of the hosts around it`],
      },
    ];
  });
}

/** An exact "/a" takes "/a/" here, which nginx leaves to the longest prefix: then both have to agree. */
export function endsWithoutSlash(
  rule: ImportedRule,
  rules: readonly ImportedRule[],
  leftovers: Leftover[],
): ImportedRule {
  const { pattern } = rule;
  if (pattern === null || pattern.segments.at(-1)?.kind === 'rest' || pattern.segments.length === 0) return rule;
  const [around] = rules
    .filter((other) => other !== rule && other.pattern !== null && other.pattern.segments.at(-1)?.kind === 'rest')
    .filter((other) => other.shape.host === rule.shape.host && contains(other.pattern!, pattern))
    .sort((a, b) => b.pattern!.segments.length - a.pattern!.segments.length);
  if (around === undefined || atLeastAsStrict(rule, around)) return rule;
  const access = both(rule.access, around.access);
  leftovers.push({
    ...rule.place,
    what: rule.name,
    why: `a route for ${pattern.path} takes ${pattern.path}/ too, which is for ${around.name} (line ${around.place.line}) to allow, so both have to; loosen it once the service takes the two for one`,
  });
  return {
    ...rule,
    access,
    when: access === 'deny' ? [] : [...rule.when, ...around.when],
    remarks: [...rule.remarks, `asks for what ${around.name} asks for, because of a slash at the end of the path`],
  };
}
