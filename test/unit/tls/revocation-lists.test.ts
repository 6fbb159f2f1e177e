/** Times of revocation lists of `openssl`, in both forms that RFC 5280 has for times. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nextToExpire, timesOf } from '../../../src/tls/revocation-lists.ts';
import { createOpensslAuthority, noOpenssl } from '../../support/openssl-authority.ts';

test.skipIf(noOpenssl)('are those that openssl prints', () => {
  const authority = createOpensslAuthority('clients');
  const printed = (pem: string, which: 'lastupdate' | 'nextupdate') => {
    const file = join(authority.folder, 'printed.pem');
    writeFileSync(file, pem);
    const text = execFileSync('openssl', ['crl', '-in', file, '-noout', `-${which}`]).toString();
    return Date.parse(text.slice(text.indexOf('=') + 1).trim());
  };
  authority.issue('orders');
  authority.revoke('orders');
  // Beyond 2049 a time has four digits for its year.
  for (const list of [authority.crl(), authority.crl(true), authority.crl(false, 40 * 365 * 86_400)]) {
    const expected = { issuedAtMs: printed(list, 'lastupdate'), expiresAtMs: printed(list, 'nextupdate') };
    expect(timesOf(list)).toEqual(expected);
  }
  authority.close();
});

test('the first to expire after a time is found, and none without an end', () => {
  const [early, late, endless] = [1_000, 2_000, Number.POSITIVE_INFINITY].map((expiresAtMs) => ({
    issuedAtMs: 0,
    expiresAtMs,
  }));
  const lists = [late!, early!, endless!];
  expect([0, 1_000, 2_000].map((ms) => nextToExpire(lists, ms))).toEqual([early, late, null]);
});
