/** One request to an HTTP server: its status, its clock, the end of its certificate, and the beginning of its body. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { ClientTlsConfig } from '../../config/config.ts';
import { tlsOptions } from '../../http1/client/tls-options.ts';
import type { HeaderVersion } from '../../proxy-protocol/write-header.ts';
import { announcedConnection } from './announced-connection.ts';
import { type Finding, findingsOf } from './check.ts';

export type SeenServer =
  | {
      readonly status: number;
      /** How far its clock is ahead of this one, in milliseconds; null: unknown. */
      readonly aheadMs: number | null;
      /** When its certificate expires; null: none. */
      readonly certificateEndsMs: number | null;
      /** The first part of the body, if it was asked for. */
      readonly body: string;
    }
  /** Code of the error, such as `ECONNREFUSED`; `timeout`. */
  | { readonly failure: string };

export interface SeeOptions {
  readonly timeoutMs: number;
  /** Default: GET. */
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly wantsBody?: boolean;
  /** Version of the header with which the connection begins; if unset or null, there is none. */
  readonly proxyProtocol?: HeaderVersion | null;
}

/** Never rejects. */
export function seeServer(
  url: URL,
  tls: ClientTlsConfig | null,
  { timeoutMs, method = 'GET', headers = {}, wantsBody = false, proxyProtocol = null }: SeeOptions,
): Promise<SeenServer> {
  return new Promise((resolve) => {
    const secure = url.protocol === 'https:';
    const sentAtMs = Date.now();
    const sent = (secure ? httpsRequest : httpRequest)(url, {
      method,
      headers: { accept: '*/*', 'user-agent': 'rolegate-doctor', ...headers },
      ...(proxyProtocol !== null
        ? announcedConnection(url, tls, proxyProtocol, timeoutMs)
        : { agent: false, ...(secure ? tlsOptions(tls) : {}) }),
    });
    const timer = setTimeout(() => end({ failure: 'timeout' }), timeoutMs);
    const end = (seen: SeenServer) => {
      clearTimeout(timer);
      resolve(seen);
      sent.destroy();
    };
    sent.once('response', (response) => {
      const date = Date.parse(response.headers.date ?? '');
      const halfwayMs = (sentAtMs + Date.now()) / 2;
      const { socket } = response;
      const until = socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : Number.NaN;
      const seen = (body: string) =>
        end({
          status: response.statusCode ?? 0,
          // Its clock has whole seconds: half a second is added on average.
          aheadMs: Number.isNaN(date) ? null : date + 500 - halfwayMs,
          certificateEndsMs: Number.isNaN(until) ? null : until,
          body,
        });
      if (wantsBody) response.once('data', (part: Buffer) => seen(part.toString('utf8')));
      response.once('end', () => seen(''));
      if (!wantsBody) seen('');
    });
    // Also after the end: an error without a listener would end the process.
    sent.on('error', (error: NodeJS.ErrnoException) => end({ failure: error.code ?? error.name }));
    sent.end();
  });
}

const dayMs = 86_400_000;
/** Certificates are usually replaced earlier. */
export const fewDays = 14;

/** Negative: it is over. */
export function wholeDays(ms: number): number {
  return Math.floor(ms / dayMs);
}

/** Findings about a server's certificate. */
export function certificateFindings({ error, warning }: ReturnType<typeof findingsOf>, seen: SeenServer): Finding[] {
  if ('failure' in seen || seen.certificateEndsMs === null) return [];
  const days = wholeDays(seen.certificateEndsMs - Date.now());
  if (days >= fewDays) return [];
  const advice = 'Replace the certificate of the server, and check its automatic renewal.';
  return [
    days < 0
      ? error('the certificate has expired', advice)
      : warning(`the certificate expires in ${days} ${days === 1 ? 'day' : 'days'}`, advice),
  ];
}

/** Beyond this, times of the other side are noticeably wrong. */
const noticeableMs = 5_000;

/** `toleratedMs`: difference beyond which something fails, or null. */
export function clockFinding(subject: string, aheadMs: number, toleratedMs: number | null): Finding {
  const { ok, warning, error } = findingsOf('clocks', subject);
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const text = `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
  const advice = 'Synchronize both clocks (NTP).';
  if (toleratedMs !== null && Math.abs(aheadMs) > toleratedMs) {
    return error(text, `${advice} More than ${toleratedMs / 1000} s makes good tokens look expired or not yet valid.`);
  }
  return Math.abs(aheadMs) > noticeableMs ? warning(text, advice) : ok(text);
}

/** Advice for a failed connection; `setting`: where the server is configured. */
export function connectionAdvice(failure: string, setting: string): string {
  if (failure === 'ENOTFOUND' || failure.startsWith('EAI_')) return `Correct the host under "${setting}".`;
  if (withoutTls.test(failure))
    return `It does not speak TLS: write http instead of https, or correct the port, under "${setting}".`;
  if (otherName.test(failure))
    return `Its certificate is for another name: correct the host, or write the name as "tls.serverName", under "${setting}".`;
  if (demandsCertificate.test(failure))
    return `It demands a client certificate, or refuses the one it gets: check "tls.cert" and "tls.key" under "${setting}".`;
  if (failure === 'CERT_HAS_EXPIRED')
    return 'Its certificate has expired: replace it, and check its automatic renewal.';
  if (certificateCodes.test(failure)) {
    return 'Its certificate is not trusted: add its CA ("tls.ca", or NODE_EXTRA_CA_CERTS), or correct the host name.';
  }
  if (failure === 'timeout' || failure === 'ETIMEDOUT') {
    return `It does not respond: check it, and firewalls in between; it is configured under "${setting}".`;
  }
  return `Start it, or correct the address under "${setting}".`;
}

/** Codes of failed TLS connections. */
export const certificateCodes = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/;

const otherName = /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/;

/** The alerts of a server about the certificate of its client. */
const demandsCertificate =
  /^ERR_SSL_(?:TLSV1\d?|SSLV3|SSL\/TLS)_ALERT_(?:CERTIFICATE_REQUIRED|\w*CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA)$/;

/** The first bytes of the server were not those of TLS. */
const withoutTls = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;
