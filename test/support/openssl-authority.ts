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
  /** As `NAME.pem` and `NAME-key.pem` in the folder. */
  issue(name: string): Certified;
  revoke(name: string): void;
  /** `expired`: its next one was due yesterday. */
  crl(expired?: boolean): string;
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
    issue(client) {
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
      );
      return { cert: read(cert), key: read(key) };
    },
    revoke: (client) => void openssl(...ca, '-revoke', `${client}.pem`),
    crl(expired = false) {
      const day = (days: number) =>
        new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
      const [last, next] = expired ? [day(-2), day(-1)] : [day(-1), day(1)];
      openssl(...ca, '-gencrl', '-out', 'crl.pem', '-crl_lastupdate', last, '-crl_nextupdate', next);
      return read('crl.pem');
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
