/** An authority of `openssl`, which issues client certificates, revokes them and publishes its revocation lists. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certified } from './certificates.ts';

export const noOpenssl: boolean = spawnSync('openssl', ['version']).status !== 0;

export interface OpensslAuthority {
  readonly cert: string;
  /** Files, for programs. */
  readonly folder: string;
  /** As `NAME.pem` and `NAME-key.pem` in the folder. `alternativeNames`: in the form of `openssl`, such as `URI:spiffe://acme.test/orders`. */
  issue(name: string, alternativeNames?: string): Certified;
  /** As `openssl x509 -fingerprint -sha256` prints it. */
  fingerprint(name: string): string;
  revoke(name: string): void;
  /** `expired`: its next one was due yesterday. Otherwise it is due in `lifeS` seconds, by default in a day. */
  crl(expired?: boolean, lifeS?: number): string;
  close(): void;
}

export function createOpensslAuthority(name: string): OpensslAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-openssl-'));
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  const ca = ['ca', '-config', 'ca.conf', '-batch', '-keyfile', 'ca-key.pem', '-cert', 'ca.pem'];
  const database = '[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\ndefault_md = sha256\n';
  writeFileSync(join(folder, 'ca.conf'), database);
  writeFileSync(join(folder, 'index.txt'), '');
  openssl('req', '-x509', ...newKey, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-days', '2', '-subj', `/CN=${name}`);
  return {
    cert: read('ca.pem'),
    folder,
    issue(client, alternativeNames) {
      const [cert, key] = [`${client}.pem`, `${client}-key.pem`];
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem'];
      openssl(
        'req',
        '-x509',
        ...newKey,
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '1',
        '-subj',
        `/CN=${client}`,
        ...signed,
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        ...(alternativeNames === undefined ? [] : ['-addext', `subjectAltName=${alternativeNames}`]),
      );
      return { cert: read(cert), key: read(key) };
    },
    fingerprint: (client) =>
      openssl('x509', '-in', `${client}.pem`, '-noout', '-fingerprint', '-sha256').toString().trim().split('=')[1] ??
      '',
    revoke: (client) => void openssl(...ca, '-revoke', `${client}.pem`),
    crl(expired = false, lifeS = 86_400) {
      const day = (days: number) =>
        new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
      const [last, next] = expired ? [day(-2), day(-1)] : [day(-1), day(lifeS / 86_400)];
      openssl(...ca, '-gencrl', '-out', 'crl.pem', '-crl_lastupdate', last, '-crl_nextupdate', next);
      return read('crl.pem');
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
