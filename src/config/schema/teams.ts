/** Keys under `teams`: what the main file delegates to files of others. */
import { z } from 'zod';
import { compilePattern } from '../../core/url/compile-pattern.ts';
import { Problem } from '../problem.ts';
import { roleName } from './access.ts';
import { filePattern } from './include.ts';
import { added, anyChange, exposes } from './key.ts';
import { metadata } from './metadata.ts';
import { type ListRules, list, refined } from './refine.ts';
import { route } from './routes.ts';
import { text, word } from './scalar.ts';
import { absolutePath, declared, idHint, idPattern, name } from './values.ts';

/** What they may contain is limited by lists of their own. */
const limited = ['match', 'upstream', 'access'];

/** Keys of a route that only a team with permission may use: all that can loosen something. */
export const delegatedKeys: readonly string[] = Object.entries(route.shape)
  .filter(([key, schema]) => !limited.includes(key) && metadata(schema).loosens?.direction !== 'none')
  .map(([key]) => key);

const hostPattern = text('a host name, such as api.example.test or *.example.test', (value) => {
  try {
    return compilePattern(value, '/').host ?? '';
  } catch {
    return new Problem('expected a host name, such as api.example.test or *.example.test');
  }
});

const places: ListRules = {
  empty: ['an empty list gives the team nothing', 'name one, or remove it'],
  most: [64, 'entries'],
};
const names: ListRules = { most: [256, 'entries'] };

const team = refined(
  z.strictObject({
    include: exposes(
      filePattern,
      'Files of the team, by pattern, below the folder of this file. Each file belongs to one team at most.',
      anyChange('other files get what the team may do'),
      { examples: ['routes/orders.yaml'] },
    ),
    hosts: exposes(
      list(hostPattern, places).optional(),
      'Hosts of the team: only its files may have routes there, and they may have none elsewhere. If unset, every host. "hosts" or "paths" is required.',
      added('the team can decide other requests', { loosest: 'unset' }),
      { examples: [['orders.example.test']] },
    ),
    paths: exposes(
      list(absolutePath(), places).optional(),
      'Path prefixes of the team, in whole segments, on its hosts. If unset, every path.',
      added('the team can decide other requests', { loosest: 'unset' }),
      { examples: [['/v1/orders']] },
    ),
    upstreams: exposes(
      list(name('an upstream', idPattern, idHint), names).prefault([]),
      'Upstreams to which its routes may lead.',
      added('the team can publish another service'),
      { examples: [['orders']] },
    ),
    roles: exposes(
      list(roleName, names).prefault([]),
      'Roles to which its rules may give access, or an exemption. "none" may name any role, and "authenticated" needs none.',
      added('the team can give access to holders of the role'),
      { examples: [['user', 'admin']] },
    ),
    may: exposes(
      list(word(['public', ...delegatedKeys]), { ...names, distinct: 'permission' }).prefault([]),
      'What its routes may contain beside match, upstream, access and keys that loosen nothing: names of other keys, and "public" for rules that need no credential.',
      added('the team can use the key'),
      { examples: [['cors', 'rewrite']] },
    ),
  }),
  (parts, { at }) => {
    if (!('hosts' in parts || 'paths' in parts)) at([], 'expected "hosts", "paths" or both');
  },
);

export const maxTeams = 256;

export const teams = refined(z.record(declared('a team', idPattern, idHint), team), (parts, { at }) => {
  if (Object.keys(parts).length > maxTeams) at([], `at most ${maxTeams} teams`);
});

export type TeamEntry = z.output<typeof team>;
