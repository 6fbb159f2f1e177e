/** Certificates of files that the configuration names: which have expired or soon will, before a client or a server refuses them. */
import { X509Certificate } from 'node:crypto';
import type { AuthApiSettings, ClientTlsConfig, Config, PortTlsConfig } from '../../config/config.ts';
import { type Check, type Finding, findingsOf } from './check.ts';
import { fewDays, wholeDays } from './see-server.ts';

interface NamedPem {
  /** The setting that names the file. */
  readonly setting: string;
  readonly pem: string;
}

export function certificateChecks(config: Config): readonly Check[] {
  return checksOf(pemsOf(config));
}

/** Of an Auth API alone, or embedded; `prefix`: where its settings are. `ports`: its own, by setting. */
export function authApiCertificateChecks(
  { redis }: AuthApiSettings,
  prefix: string,
  ports: Readonly<Record<string, PortTlsConfig | null>> = {},
): readonly Check[] {
  const ofPorts = Object.entries(ports).flatMap(([setting, tls]) => ofPort(setting, tls));
  return checksOf([...ofPorts, ...ofClient(`${prefix}redis.tls`, redis?.tls)]);
}

function checksOf(pems: readonly NamedPem[]): readonly Check[] {
  return pems.map(({ setting, pem }) => ({
    group: 'certificates',
    subject: setting,
    run: async () => findings(setting, certificatesOf(pem), Date.now()),
  }));
}

function pemsOf({ server, authorizer, cache, authApi, sources }: Config): readonly NamedPem[] {
  return [
    ...server.listeners.flatMap(({ tls }) => ofPort('server.listen', tls)),
    ...ofPort('server.adminTls', server.adminTls),
    ...ofPort('authorizer.tls', authorizer?.tls),
    ...ofPort('authorizer.grpc.tls', authorizer?.grpc?.tls),
    ...ofClient('cache.redis.tls', cache.redis?.tls),
    ...(authApi?.kind === 'remote' ? ofClient('authApi.tls', authApi.tls) : []),
    ...sources.flatMap((one) => ('tls' in one ? ofClient(`sources.${one.name}.tls`, one.tls) : [])),
  ];
}

function ofPort(setting: string, tls: PortTlsConfig | null | undefined): readonly NamedPem[] {
  const certificates = (tls?.certificates ?? []).map(({ file, cert }) => ({
    setting: `${setting} ${file}`,
    pem: cert,
  }));
  return [...certificates, ...named(`${setting}.clientCertificates.ca`, tls?.clientCa)];
}

function ofClient(setting: string, tls: ClientTlsConfig | null | undefined): readonly NamedPem[] {
  return [...named(`${setting}.ca`, tls?.ca), ...named(`${setting}.cert`, tls?.cert)];
}

function named(setting: string, pem: string | null | undefined): readonly NamedPem[] {
  return pem === null || pem === undefined ? [] : [{ setting, pem }];
}

/** A file may hold several: a chain, or the authorities of before and after a change. */
function certificatesOf(pem: string): readonly X509Certificate[] {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return texts.map((text) => new X509Certificate(text));
}

/** Of several authorities one is enough: a bundle often holds some that have expired. */
function findings(setting: string, certificates: readonly X509Certificate[], nowMs: number): readonly Finding[] {
  const each = certificates.map((certificate) => finding(setting, certificate, nowMs));
  const good = each.filter(({ level }) => level === 'ok').length;
  if (!/ca$/i.test(setting) || each.length === 1 || good === 0) return each;
  const { ok, warning } = findingsOf('certificates', setting);
  if (good === each.length) return [ok(`${good} CA certificates are valid`)];
  const advice = 'Remove the others, unless they are needed.';
  return [warning(`${good} of ${each.length} CA certificates are valid; others have expired or soon will`, advice)];
}

function finding(setting: string, { subject, validTo, validFrom }: X509Certificate, nowMs: number): Finding {
  const { ok, warning, error } = findingsOf('certificates', setting);
  const name = subject.replaceAll('\n', ', ');
  const until = `until ${new Date(validTo).toISOString().slice(0, 10)}`;
  const advice = `Replace the file of "${setting}", and check its renewal.`;
  if (Date.parse(validFrom) > nowMs) {
    return error(
      `${name} is not valid until ${validFrom}`,
      'Check the clock of this machine, or use the earlier certificate.',
    );
  }
  const days = wholeDays(Date.parse(validTo) - nowMs);
  if (days < 0) return error(`${name} has expired (valid ${until})`, advice);
  if (days >= fewDays) return ok(`${name} is valid ${until}`);
  return warning(`${name} expires in ${days} ${days === 1 ? 'day' : 'days'} (valid ${until})`, advice);
}
