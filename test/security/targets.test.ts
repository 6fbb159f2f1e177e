/**
 * Request targets: dot segments, escapes, unusual bytes, forms of RFC 9112 section 3.2. One canonical path is matched
 * and forwarded, so no spelling of a guarded path is forwarded under another path's rule.
 */
import { type Attack, attackSuite, request } from './support/attack-suite.ts';

const get = (target: string) => request(`GET ${target}`);

/** The path differs from its spelling: it is the guarded one, and the client is anonymous. */
const isGuarded: readonly (readonly [name: string, target: string])[] = [
  ['dot segment: CVE-2026-33494, CVE-2019-9901', '/public/../admin/x'],
  ['dot segments of both kinds: RFC 3986 section 5.2.4', '/public/./.././admin/x'],
  ['single dot segment', '/./admin/x'],
  ['dot segments above the root: CVE-2021-41773', '/public/../../../../admin/x'],
  ['dot segment after a doubled slash', '/public/x//..//../admin/x'],
  ['dot segment at the end', '/x/../admin/x/.'],
  ['leading double slash: CVE-2007-0450', '//admin/x'],
  ['three leading slashes', '///admin/x'],
  ['escaped letter: CVE-2026-27587', '/%61dmin/x'],
  ['escaped word', '/%61%64%6d%69%6e/x'],
  ['escaped letter in upper-case hex', '/admi%6E/x'],
  ['escaped letter after a dot segment: CVE-2025-66490', '/public/../%61dmin/x'],
  ['absolute form: RFC 9112 section 3.2.2', 'http://a.test/admin/x'],
  ['absolute form in capitals', 'HTTP://A.TEST/admin/x'],
  ['absolute form with a dot segment', 'http://a.test/public/../admin/x'],
  ['absolute form with a doubled slash', 'http://a.test//admin/x'],
  ['absolute form with an escaped letter', 'http://a.test/%61dmin/x'],
  ['absolute form with the port of Host', 'http://a.test/./admin/x'],
];

/** The target is ambiguous or invalid. */
const isRefused: readonly (readonly [name: string, target: string, code?: string])[] = [
  ['escaped dot segment: CVE-2025-47952', '/public/%2e%2e/admin/x', 'path_ambiguous'],
  ['dot segment in upper-case hex', '/public/%2E%2E/admin/x', 'path_ambiguous'],
  ['half-escaped dot segment, first dot', '/public/%2e./admin/x', 'path_ambiguous'],
  ['half-escaped dot segment, second dot: CVE-2021-41773', '/public/.%2e/admin/x', 'path_ambiguous'],
  ['escaped single dot segment', '/public/../%2e/admin/x', 'path_ambiguous'],
  ['escaped dot segment at the start', '/%2e%2e/admin/x', 'path_ambiguous'],
  ['NUL in a dot segment', '/public/..%00/admin/x', 'path_ambiguous'],
  ['leading NUL', '/%00/admin/x', 'path_ambiguous'],
  ['%u escape: CVE-2000-0884', '/%u0061dmin/x', 'target_invalid'],
  ['%u escape of a dot segment', '/public/%u002e%u002e/admin/x', 'target_invalid'],
  ['overlong dot segment: CVE-2008-2938', '/public/%c0%ae%c0%ae/admin/x', 'target_invalid'],
  ['overlong slash', '/public/..%c0%afadmin/x', 'target_invalid'],
  ['overlong letter', '/%c1%a1dmin/x', 'target_invalid'],
  ['escaped tab', '/%09admin/x'],
  ['escaped line feed', '/%0aadmin/x'],
  ['escaped CR LF: CVE-2018-12116', '/%0d%0aadmin/x'],
  ['escaped DEL', '/%7fadmin/x'],
  ['fragment before a dot segment: CVE-2026-41059, CVE-2021-39156', '/x#/../admin/x', 'target_invalid'],
  ['no leading slash', 'admin/x'],
  ['absolute form without a host: RFC 9110 section 4.2.1', 'http:///admin/x'],
  ['absolute form with a user: RFC 9110 section 4.2.4', 'http://user@a.test/admin/x'],
  ['absolute form with user and password', 'http://a.test:80@a.test/admin/x'],
  ['absolute form of another host', 'http://other.test/admin/x', 'host_invalid'],
  ['absolute form with an escaped dot segment', 'http://a.test/public/%2e%2e/admin/x', 'path_ambiguous'],
];

/** Also refused; the service of these tests would find no guarded path in them. */
const isInvalid: readonly (readonly [name: string, target: string])[] = [
  ['overlong with three bytes', '/public/%e0%80%ae'],
  ['lone continuation byte', '/public/%80'],
  ['truncated UTF-8 sequence', '/public/%c3'],
  ['byte that is never UTF-8', '/public/%ff'],
  ['surrogate in UTF-8', '/public/%ed%a0%80'],
  ['beyond Unicode', '/public/%f4%90%80%80'],
  ['lone percent', '/public/%'],
  ['percent and one digit', '/public/%2'],
  ['percent and no hex digits', '/public/%zz'],
  ['two percent signs', '/public/%%32'],
  ['trailing escaped NUL: CVE-2013-4547', '/public/x%00.html'],
  ['byte beyond ASCII', '/public/\xe9'],
  ['a character half raw and half escaped', '/public/\xc3%a9'],
  ['overlong slash without escapes', '/public/..\xc0\xafadmin'],
  ['control character', '/public/\x01'],
  ['NUL', '/public/\x00'],
  ['DEL', '/public/\x7f'],
  ['tab', '/public/a\tb'],
  ['space: RFC 9112 section 3', '/public/a b'],
  ['fragment', '/public/x#y'],
  ['empty fragment', '/public/x#'],
  ['fragment in the query', '/public/x?y#z'],
  ['control character in the query', '/public/x?y=\x01'],
  ['byte beyond ASCII in the query', '/public/x?y=\xff'],
  ['asterisk for GET: RFC 9112 section 3.2.4', '*'],
  ['authority form for GET: RFC 9112 section 3.2.3', 'a.test:80'],
  ['only a query', '?x=1'],
  ['scheme without slashes', 'http:a.test'],
  ['scheme with one slash', 'http:/public/x'],
  ['empty', ''],
  ['absolute form with a backslash: CVE-2018-12123', 'http://a.test\\@evil.test/public/x'],
  ['absolute form with an invalid port', 'http://a.test:x/public/x'],
];

/** Targets with one reading, which is forwarded. */
const isForwarded: readonly (readonly [name: string, target: string, reaches: string])[] = [
  ['three dots are a name', '/public/...', '/public/...'],
  ['a name that starts with two dots', '/public/..x/y', '/public/..x/y'],
  ['a dot segment that stays inside', '/public/a/../b', '/public/b'],
  ['a trailing dot segment leaves its slash', '/public/a/..', '/public/'],
  ['slashes are merged', '/public//a///b', '/public/a/b'],
  ['unreserved escapes are decoded', '/public/%7euser%2D%5f', '/public/~user-_'],
  ['UTF-8 without escapes is escaped', '/public/\xc3\xa9?y=\xc3\xa9', '/public/%C3%A9?y=%C3%A9'],
  ['hex digits become upper case', '/public/a%c3%a9', '/public/a%C3%A9'],
  ['two slashes and a name are a path: CVE-2018-12123', '//evil.test/public/x', '/evil.test/public/x'],
  ['absolute form', 'http://a.test/public/x?y=1', '/public/x?y=1'],
  ['absolute form without a path', 'http://a.test', '/'],
  ['absolute form with only a query', 'http://a.test?x=1', '/?x=1'],
  ['dot segments in a query are text', '/public/x?y=/../../admin', '/public/x?y=/../../admin'],
  ['escapes in a query are kept: CVE-2016-2216', '/public/x?y=%0d%0aUser-Id:root', '/public/x?y=%0d%0aUser-Id:root'],
  ['a second question mark is text', '/public/x?y?/admin', '/public/x?y?/admin'],
];

const rows: Attack[] = [
  ...isGuarded.map(([name, target]) => ({
    ...{ name, bytes: get(target), status: 401, code: 'credential_missing', reaches: null },
    harm: 'protected path' as const,
  })),
  ...isRefused.map(([name, target, code]) => ({
    ...{ name, bytes: get(target), status: 400, reaches: null, ...(code === undefined ? {} : { code }) },
    harm: 'protected path' as const,
  })),
  ...isInvalid.map(([name, target]) => ({ name, bytes: get(target), status: 400, reaches: null })),
  ...isForwarded.map(([name, target, reaches]) => ({ name, bytes: get(target), status: 200, reaches })),
];

attackSuite('targets', rows);

attackSuite(
  'targets without a route',
  [
    ['a longer word than a guarded one', '/administrator'],
    ['a longer word than a public one', '/publicx'],
    ['other case: CVE-2026-27588', '/ADMIN/x'],
    ['other case of a public path', '/Public/x'],
    ['a dot segment that leaves every route', '/public/../'],
    ['a trailing space in the name', '/admin%20/x'],
    ['full-width letters', '/%ef%bd%81dmin/x'],
    ['letters that change in upper case', '/adm%c4%b1n/x'],
  ].map(([name = '', target = '']) => ({
    name,
    bytes: get(target),
    status: 404,
    code: 'route_not_found',
    reaches: null,
  })),
  { open: false },
);
