/** TLS of the ports of a process, read at each scrape. */
import type { Registry } from 'prom-client';
import type { TlsPort } from '../../tls/tls-port.ts';
import { readingsIn } from './readings.ts';

/** Of one port. */
export interface TlsReadings extends Pick<TlsPort, 'counts' | 'revocationList'> {
  readonly certificates: readonly { readonly certificate: { readonly file: string }; readonly expiresAtMs: number }[];
}

/** Returns the function that adds a port. */
export function createTlsMetrics(registry: Registry): (port: TlsReadings) => void {
  const ports: TlsReadings[] = [];
  const read = readingsIn(registry);
  read.counterPer(
    'outcome',
    'rolegate_tls_handshakes_total',
    'TLS handshakes: full, resumed, failed, or late (not complete in time).',
    () => sums(ports.map(({ counts }) => counts)),
  );
  read.gaugePer(
    'certificate',
    'rolegate_certificate_expiry_timestamp_seconds',
    'When a certificate that clients or other callers see expires, by its file.',
    () => ports.flatMap((port) => port.certificates.map((one) => [one.certificate.file, one.expiresAtMs / 1000])),
    'min',
  );
  const lists = (key: 'issuedAtMs' | 'expiresAtMs') =>
    ports.flatMap(({ revocationList: list }) => (list === null ? [] : [[list.file, list[key] / 1000] as const]));
  read.gaugePer(
    'list',
    'rolegate_revocation_list_issue_timestamp_seconds',
    'When the revocation list that expires first was issued, by its file.',
    () => lists('issuedAtMs'),
    'min',
  );
  read.gaugePer(
    'list',
    'rolegate_revocation_list_expiry_timestamp_seconds',
    'When the first revocation list of a file expires. Then certificates of its authority are refused.',
    () => lists('expiresAtMs'),
    'min',
  );
  return (port) => void ports.push(port);
}

/** None without a port. */
function sums(all: readonly TlsPort['counts'][]): readonly (readonly [outcome: string, count: number])[] {
  const outcomes = ['full', 'resumed', 'failed', 'late'] as const;
  if (all.length === 0) return [];
  return outcomes.map((outcome) => [outcome, all.reduce((sum, counts) => sum + counts[outcome], 0)]);
}
