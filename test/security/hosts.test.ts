/**
 * Host and authority (RFC 9110 section 7.2, RFC 9112 section 3.2): exactly one valid name, compared without case, port
 * and trailing dot. No spelling of a host falls to the looser rule of another one.
 */
import { type Attack, attackSuite, bearer } from './support/attack-suite.ts';

const lines = (...all: string[]) => [...all, '', ''].join('\r\n');
const get = (...headers: string[]) => lines('GET /page HTTP/1.1', ...headers);

const isGuarded: readonly (readonly [name: string, bytes: string])[] = [
  ['in capitals: CVE-2026-27588', get('Host: SECRET.TEST')],
  ['in mixed case: CVE-2026-42273', get('Host: Secret.tesT')],
  ['with a port: CVE-2021-39155', get('Host: secret.test:80')],
  ['with another port', get('Host: secret.test:8443')],
  ['with a trailing dot', get('Host: secret.test.')],
  ['with a trailing dot and a port', get('Host: secret.test.:80')],
  ['in the target, the same in capitals', lines('GET http://SECRET.test/page HTTP/1.1', 'Host: secret.test')],
];

/** The naive gateway and the service read different names. */
const isRefused: readonly (readonly [name: string, bytes: string])[] = [
  ['twice, the guarded one second: CVE-2026-42272', get('Host: a.test', 'Host: secret.test')],
  ['thrice', get('Host: a.test', 'Host: a.test', 'Host: secret.test')],
  ['twice, second with a space before the colon', get('Host: a.test', 'Host : secret.test')],
  ['a list', get('Host: a.test, secret.test')],
  ['two names', get('Host: a.test secret.test')],
  ['with a user', get('Host: a.test@secret.test')],
  ['with an escape', get('Host: secret%2etest')],
  ['folded: RFC 9112 section 5.2', get('Host: a.test', ' secret.test')],
  ['only in the target', lines('GET http://secret.test/page HTTP/1.1', 'Host: a.test')],
  ['in the target, next to an invalid Host', lines('GET http://secret.test/page HTTP/1.1', 'Host: a.test/x')],
];

const isInvalid: readonly (readonly [name: string, bytes: string])[] = [
  ['none: RFC 9112 section 3.2', get()],
  ['no Host, but a name in the target', lines('GET http://a.test/page HTTP/1.1')],
  ['the same one twice', get('Host: a.test', 'Host: a.test')],
  ['twice in HTTP/1.0', lines('GET /page HTTP/1.0', 'Host: a.test', 'Host: b.test')],
  ['empty', get('Host:')],
  ['only spaces', get('Host: \t ')],
  ['a path', get('Host: a.test/x')],
  ['a query', get('Host: a.test?x')],
  ['a fragment', get('Host: a.test#x')],
  ['a backslash', get('Host: a.test\\x')],
  ['a scheme', get('Host: http://a.test')],
  ['a port that is not a number', get('Host: a.test:http')],
  ['a port out of range', get('Host: a.test:99999')],
  ['a negative port', get('Host: a.test:-1')],
  ['two ports', get('Host: a.test:80:80')],
  ['only a port', get('Host: :80')],
  ['only a dot', get('Host: .')],
  ['two dots', get('Host: a..test')],
  ['an open bracket', get('Host: [::1')],
  ['an address without brackets', get('Host: ::1')],
  ['brackets around no address', get('Host: [a.test]')],
  ['a quotation mark', get('Host: "a.test"')],
  ['an angle bracket', get('Host: <script>.test')],
  ['a byte beyond ASCII', get('Host: \xe9.test')],
  ['a control character', get('Host: a\x01.test')],
  ['NUL', get('Host: a.test\x00')],
  ['a trailing comma', get('Host: a.test,')],
];

const isForwarded: readonly (readonly [name: string, bytes: string])[] = [
  ['a name', get('Host: a.test')],
  ['an address', get('Host: 127.0.0.1:8080')],
  ['an IPv6 address', get('Host: [2001:db8::1]:8080')],
  ['a single-label name', get('Host: localhost')],
  ['HTTP/1.0 without one', lines('GET /page HTTP/1.0')],
];

const rows: Attack[] = [
  ...isGuarded.map(([name, bytes]) => ({
    ...{ name, bytes, status: 401, code: 'credential_missing', reaches: null },
    ...(name.startsWith('in the target') ? {} : { harm: 'protected host' as const }),
  })),
  ...isRefused.map(([name, bytes]) => ({ name, bytes, status: 400, reaches: null, harm: 'protected host' as const })),
  ...isInvalid.map(([name, bytes]) => ({ name, bytes, status: 400, reaches: null })),
  ...isForwarded.map(([name, bytes]) => ({ name, bytes, status: 200, reaches: '/page' })),
  {
    name: 'with an empty port: RFC 3986 section 3.2.3',
    bytes: get('Host: secret.test:'),
    ...{ status: [400, 401], reaches: null, harm: 'protected host' },
  },
  {
    name: 'the guarded one with a credential',
    bytes: get('Host: secret.test', bearer),
    ...{ status: 403, code: 'role_missing', reaches: null },
  },
];

attackSuite('Host', rows, {
  routes: '  - { id: secret, match: { host: secret.test, path: "/**" }, upstream: service, access: [admin] }\n',
});
