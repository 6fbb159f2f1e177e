/**
 * Invisible characters and look-alikes: spaces around dots and names, dots and slashes of other scripts. A path that a
 * service would read as a dot segment or a guarded name, after trimming spaces or mapping characters, is never
 * forwarded under another rule.
 */
import { expect } from 'vitest';
import { attackSuite, request } from './support/attack-suite.ts';
import type { LenientRequest } from './support/lenient-reading.ts';

/** A dot segment for a service that decodes and then trims spaces or normalizes (Unicode NFKC). */
const climbing: readonly (readonly [name: string, target: string])[] = [
  ['a space after the dots', '/public/..%20/admin/x'],
  ['a space after escaped dots', '/public/%2e%2e%20/admin/x'],
  ['a space before the dots', '/public/%20../admin/x'],
  ['a space between the dots', '/public/.%20./admin/x'],
  ['a space and an escaped slash', '/public/..%20%2fadmin/x'],
  ['a no-break space', '/public/..%C2%A0/admin/x'],
  ['an ideographic space', '/public/..%E3%80%80/admin/x'],
  ['a zero-width space', '/public/.%E2%80%8B./admin/x'],
  ['a byte order mark', '/public/%EF%BB%BF../admin/x'],
  ['a line separator', '/public/..%E2%80%A8/admin/x'],
  ['full-width dots', '/public/%EF%BC%8E%EF%BC%8E/admin/x'],
  ['a full-width dot next to a plain one', '/public/.%EF%BC%8E/admin/x'],
  ['a two-dot leader', '/public/%E2%80%A5/admin/x'],
  ['one-dot leaders', '/public/%E2%80%A4%E2%80%A4/admin/x'],
  ['small dots', '/public/%EF%B9%92%EF%B9%92/admin/x'],
  ['a full-width slash after the dots', '/public/..%EF%BC%8Fadmin/x'],
  ['full-width slashes around the dots', '/public%EF%BC%8F..%EF%BC%8Fadmin/x'],
  ['a full-width backslash', '/public/..%EF%BC%BCadmin/x'],
  ['a division slash', '/public/..%E2%88%95admin/x'],
  ['a fraction slash', '/public/..%E2%81%84admin/x'],
  ['a set minus, which code pages map to a backslash', '/public/..%E2%88%96admin/x'],
  ['a yen sign, which code pages map to a backslash', '/public/..%C2%A5admin/x'],
  ['a won sign, which code pages map to a backslash', '/public/..%E2%82%A9admin/x'],
  ['ideographic full stops', '/public/%E3%80%82%E3%80%82/admin/x'],
  ['halfwidth ideographic full stops', '/public/%EF%BD%A1%EF%BD%A1/admin/x'],
];

/** Cut off there, the path ends in a dot segment: it reaches nothing guarded here, but is still another path. */
const cut = ['/public/..%3f/x', '/public/..%23/x', '/public/%2e%2e%3fx'];

/** A guarded name for a service that removes spaces or trailing dots. */
const padded: readonly (readonly [name: string, target: string])[] = [
  ['a space after the name', '/admin%20/x'],
  ['a space before the name', '/%20admin/x'],
  ['spaces around the name', '/%20%20admin%20%20/x'],
  ['a space after the last name', '/admin%20'],
  ['an ogham space mark', '/admin%E1%9A%80/x'],
  ['a next-line character', '/admin%C2%85/x'],
  ['a line separator', '/admin%E2%80%A8'],
  ['a dot after the name', '/admin./x'],
  ['dots and spaces after the last name', '/admin.%20..'],
  ['an ideographic full stop after the name', '/admin%E3%80%82/x'],
  ['a question mark after the name', '/admin%3Fx'],
  ['a number sign after the name', '/admin%23x'],
];

/** A guarded name for a service that maps characters to plainer ones. */
const fitted: readonly (readonly [name: string, target: string])[] = [
  ['a full-width letter', '/%EF%BD%81dmin/x'],
  ['full-width letters', '/%EF%BD%81%EF%BD%84%EF%BD%8D%EF%BD%89%EF%BD%8E/x'],
  ['mathematical letters', '/%F0%9D%90%9Admin/x'],
  ['a superscript', '/adm%E2%81%B1n/x'],
  ['a full-width slash after the name', '/admin%EF%BC%8Fx'],
  ['a division slash after the name', '/admin%E2%88%95x'],
  ['a full-width letter and a space', '/%EF%BD%81dmin%20/x'],
  ['a soft hyphen', '/ad%C2%ADmin/x'],
  ['a zero-width joiner', '/ad%E2%80%8Dmin/x'],
  ['a word joiner', '/admin%E2%81%A0/x'],
  ['a yen sign after the name', '/admin%C2%A5x'],
];

const honest: readonly (readonly [target: string, reaches: string])[] = [
  ['/public/a%20b', '/public/a%20b'],
  ['/public/a%20/b', '/public/a%20/b'],
  ['/public/%20', '/public/%20'],
  ['/public/..%20x', '/public/..%20x'],
  ['/public/.%23lock', '/public/.%23lock'],
  [
    '/public/%E3%83%95%E3%82%A1%EF%BC%8F%E3%82%A4%E3%83%AB.txt',
    '/public/%E3%83%95%E3%82%A1%EF%BC%8F%E3%82%A4%E3%83%AB.txt',
  ],
  ['/public/%E2%80%A6', '/public/%E2%80%A6'],
  ['/public/%EF%BD%81dmin%C2%B2', '/public/%EF%BD%81dmin%C2%B2'],
  // Arabic words in a single character.
  ['/public/%EF%B7%B2-%EF%B7%BA', '/public/%EF%B7%B2-%EF%B7%BA'],
  ['/admin-tools%20/x', '/admin-tools%20/x'],
  ['/public/What%3F.mp3', '/public/What%3F.mp3'],
  ['/public/C%23/notes.', '/public/C%23/notes.'],
  ['/public/%C2%A5100', '/public/%C2%A5100'],
];

attackSuite('invisible characters', [
  ...climbing.map(([name, target]) => ({
    name: `dot segment, ${name}`,
    bytes: request(`GET ${target}`),
    ...{ status: 400, code: 'path_ambiguous', reaches: null, harm: 'protected path' as const },
  })),
  ...cut.map((target) => ({
    name: `dot segment at the end of a truncated path, ${target}`,
    bytes: request(`GET ${target}`),
    ...{ status: 400, code: 'path_ambiguous', reaches: null },
  })),
  ...padded.map(([name, target]) => ({
    name: `guarded name, ${name}`,
    bytes: request(`GET ${target}`),
    ...{ status: 400, code: 'path_ambiguous', reaches: null, harm: 'protected path' as const },
    // It correctly compares whole names.
    naivety: { allows: (asked: LenientRequest) => !/^\/admin(?:\/|$)/.test(asked.target) },
  })),
  ...fitted.map(([name, target]) => ({
    name: `guarded name, ${name}`,
    bytes: request(`GET ${target}`),
    ...{ status: 400, code: 'path_ambiguous', reaches: null, harm: 'protected path' as const },
    naivety: { allows: (asked: LenientRequest) => !/^\/admin(?:\/|$)/.test(asked.target) },
  })),
  {
    name: 'guarded name, a full-width percent sign and digits, for a service that decodes afterwards',
    bytes: request('GET /%EF%BC%8561dmin/x'),
    ...{ status: 400, code: 'path_ambiguous', reaches: null },
  },
  {
    name: 'a target full of spaces is processed fast',
    bytes: request(`GET /public/${'%20'.repeat(2_600)}x${'%20'.repeat(20)}`),
    ...{ status: 400, code: 'path_ambiguous', reaches: null },
  },
  {
    name: 'a target full of ligatures of eighteen letters is processed fast',
    bytes: request(`GET /public/${'%EF%B7%BA'.repeat(860)}`),
    ...{ status: 400, code: 'path_ambiguous', reaches: null },
  },
  ...honest.map(([target, reaches]) => ({
    name: `${target} is forwarded unchanged`,
    bytes: request(`GET ${target}`),
    ...{ status: 200, reaches },
  })),
]);

/** Behind CGI the header becomes HTTP_PROXY, through which libraries call out: CVE-2016-5385 (httpoxy). */
attackSuite(
  'the header Proxy',
  ['Proxy', 'PROXY', 'proxy'].map((name) => ({
    name: `${name} is not forwarded: CVE-2016-5385`,
    bytes: request('GET /public/x', [`${name}: http://evil.test:80`]),
    ...{ status: 200, reaches: '/public/x', harm: 'forged proxy' as const },
    check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/^proxy:/im),
  })),
);
