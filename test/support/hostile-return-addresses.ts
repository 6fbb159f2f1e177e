/** Attempts to make a sign-in lead elsewhere (open redirect): what browsers, servers and programs read differently. */
import { hostileTargets } from './hostile-targets.ts';

const hosts = [
  'evil.example',
  'evil.example:443',
  'user@evil.example',
  '[::1]',
  '127.1',
  'app.example.com.evil.example',
];
const forms = [
  ...['//H', '///H', '////H', '/\\H', '\\/H', '\\\\H', '/\t/H', '/\n/H', '/\r/H', '\t//H', ' //H', '/ /H', '\u0000//H'],
  ...['http://H', 'https://H', 'https:H', 'https:/H', 'https:///H', 'HTTPS://H', 'ftp://H', '//\u2000H', '/\u2044/H'],
  ...[
    '//H/..',
    '/.//H',
    '/..//H',
    '/a/..//H',
    '/./\\H',
    '/%2f/H',
    '/%5c/H',
    '/%2e%2e//H',
    '/%00//H',
    '/;//H',
    '/%09/H',
  ],
  ...['//H#@app.example.com/', '//app.example.com@H', 'https://app.example.com@H/', 'https://app.example.com.H/'],
  ...['https://app.example.com:443@H', '//%48', '/%0d%0aLocation:%20https://H', '?//H', '#//H', '.H', '@H', ':80//H'],
];
const others = [
  ...['javascript:alert(1)', 'data:text/html,x', 'about:blank', 'vbscript:x', '', 'a', '?', '#', '../', '*', null],
  ...[
    '/.rolegate/sign-in/corp',
    '/.rolegate/sign-out',
    '/a/../.rolegate/sign-out',
    '/%2erolegate/sign-out',
    `/${'a'.repeat(4_000)}`,
  ],
];
/** Return addresses that lead away from `https://app.example.com`, or would if a check were naive. */
export const hostileReturnAddresses: readonly (string | null)[] = [
  ...hosts.flatMap((host) => forms.map((form) => form.replaceAll('H', host))),
  ...others,
  ...hostileTargets,
];
