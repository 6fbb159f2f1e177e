/**
 * Words that no file of the project may hold. Each is put together here from parts, so that this file itself is
 * checked like any other.
 */

export interface ForbiddenWord {
  readonly why: string;
  readonly pattern: RegExp;
  /** Text that the pattern must find: its control. */
  readonly example: string;
  /** Only these files are checked; left out: all. */
  readonly within?: RegExp;
}

const joined = (...parts: string[]) => parts.join('');
const word = (...parts: string[]) => new RegExp(`\\b${joined(...parts)}\\b`, 'i');

export const forbiddenWords: readonly ForbiddenWord[] = [
  ...[
    ['wo', 'rk'],
    ['ro', 'ot'],
    ['ho', 'me/\\w+'],
    ['t', 'mp/[\\w.-]+'],
    ['var/t', 'mp'],
  ].map(([first = '', rest = '']) => ({
    why: 'a path of one machine',
    pattern: new RegExp(joined('(?<![\\w.}*-])/', first, rest, '(?=/|[\'"`\\s]|$)'), 'm'),
    example: joined('"/', first, rest.replace('\\w+', 'ann').replace('[\\w.-]+', 'x'), '/'),
  })),
  ...[
    ['registry.np', 'mjs.org'],
    ['deb.deb', 'ian.org'],
    ['ftp.deb', 'ian.org'],
    ['snapshot.deb', 'ian.org'],
    ['pypi', '.org'],
    ['proxy.gol', 'ang.org'],
  ].map(([first = '', rest = '']) => ({
    why: 'the host name of a registry',
    pattern: word(joined(first, rest).replaceAll('.', '\\.')),
    example: joined('https://', first, rest, '/x'),
  })),
  ...[
    ['DES', 'IGN'],
    ['AUTH_', 'API'],
    ['THRE', 'ATS'],
    ['EXAMPLES_TO', '_FOLLOW'],
  ].map(([first = '', rest = '']) => ({
    why: 'a paper that is not part of the project',
    pattern: new RegExp(joined('\\b', first, rest, '\\b(?:\\.md|,? section)')),
    example: joined('see ', first, rest, '.md'),
  })),
  {
    why: 'a folder that is not part of the project',
    pattern: new RegExp(joined('\\bsha', 'red/(?:hooks|tools)\\b')),
    example: joined('../sha', 'red/tools/x'),
  },
  ...[
    ['A', 'I'],
    ['L', 'LMs?'],
    ['assis', 'tants?'],
    ['Clau', 'de'],
    ['Anth', 'ropic'],
    ['Ope', 'nAI'],
    ['Cop', 'ilot'],
    ['Chat', 'GPT'],
    ['(?:helper|coding|sub) ?-?age', 'nts?'],
  ].map(([first = '', rest = '']) => ({
    why: 'a word about how the project is developed',
    pattern: rest === 'I' ? new RegExp(joined('\\b', first, rest, '\\b')) : word(first, rest),
    example: joined('by ', first.replace(/^\(\?:(\w+).*\) \?-\?/, '$1 '), rest.replace('s?', ''), ' here'),
  })),
  {
    why: 'the number of an issue',
    pattern: new RegExp(joined('\\b(?:iss', 'ues?|fixes|closes) (?:no\\. )?#?\\d+\\b|\\(#\\d+\\)'), 'i'),
    example: joined('see iss', 'ue 12'),
  },
  {
    why: 'a flag that makes the HTTP parser lenient',
    pattern: new RegExp(joined('insecure', '-?http-?parser'), 'i'),
    example: joined('--insecure', '-http-parser'),
    within: /^(?:src|helm|bench|\.ci|\.github)\/|^(?:Dockerfile|compose\.yaml|package\.json)$/,
  },
];

/** One line per find: `path:line: why: what`. */
export function findForbidden(path: string, text: string): string[] {
  const found: string[] = [];
  for (const { why, pattern, within } of forbiddenWords) {
    if (within !== undefined && !within.test(path)) continue;
    for (const [index, line] of text.split('\n').entries()) {
      const match = pattern.exec(line);
      if (match !== null) found.push(`${path}:${index + 1}: ${why}: ${match[0]}`);
    }
  }
  return found;
}
