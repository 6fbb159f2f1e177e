/** Targets that lead to a path only if it is decoded, resolved or cut differently from Rolegate: none may be served. */

/** `path`: one that is refused, such as `/admin/x`, of plain segments. `open`: a path below which access is public, or empty. */
export function hostileTargets(path: string, open = ''): readonly string[] {
  const rest = path.slice(1);
  const first = rest.split('/', 1)[0]!;
  const behind = rest.slice(first.length);
  const code = (letter: string) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const [letter = '', others] = [first.slice(0, 1), first.slice(1)];
  const below = (base: string) =>
    climbs.map((climb) => `${base}${climb.replaceAll('PATH', rest)}`).filter((target) => target !== path);
  return [
    ...below('/a'),
    ...(open === '' || open === '/' ? [] : below(open)),
    `/./${rest}`,
    `//${rest}`,
    `///${rest}`,
    `/.//${rest}`,
    `/%2e/${rest}`,
    `/%2f/${rest}`,
    `/%2f${rest}`,
    `/;/${rest}`,
    `/;a=b/${rest}`,
    `/${code(letter)}${others}${behind}`,
    `/%25${code(letter).slice(1)}${others}${behind}`,
    `/${code(letter.toUpperCase())}${others}${behind}`,
    `/${first};${behind}`,
    `/${first};a=b${behind}`,
    `/${first}%00${behind}`,
    `/${first}%20${behind}`,
    `/${first}.${behind}`,
    `/${first}%3f${behind}`,
    `/${first}%23${behind}`,
    `/${first}/.${behind}`,
    `/${first}//${behind.slice(1)}`,
    `/${rest.replaceAll('/', '%2f')}`,
    `/${rest.replaceAll('/', '%5c')}`,
    `/${rest.replaceAll('/', '\\')}`,
    `/${first.toUpperCase()}${behind}`,
    `/${rest}?`,
    `/${rest}%3f/../a`,
    `/${rest}/..;/`,
    `/${rest}/a/..`,
    `/${rest}/.`,
    `/?/../${rest}`,
    `/..//${rest}`,
    `/../${rest}`,
  ];
}

/** Below some path: steps to the root and down again. */
const climbs = [
  '/../PATH',
  '/./../PATH',
  '//../PATH',
  '/%2e%2e/PATH',
  '/%2E%2e/PATH',
  '/.%2e/PATH',
  '/..%2fPATH',
  '/..%2FPATH',
  '%2f..%2fPATH',
  '/..%5cPATH',
  '/..\\PATH',
  '/..;/PATH',
  '/..;x/PATH',
  ';/../PATH',
  '/%252e%252e/PATH',
  '/%252e%252e%252fPATH',
  '/%c0%ae%c0%ae/PATH',
  '/%e0%80%ae%e0%80%ae/PATH',
  '/%ef%bc%8e%ef%bc%8e/PATH',
  '/../../PATH',
];
