/** What a port presents in its handshakes: certificates by the name that a client asks for, versions, ciphers and keys of tickets. */
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Certificate, type CertificateFacts, factsOf, namesFor } from './certificate-names.ts';
import { type ListTimes, nextToExpire, timesOf } from './revocation-lists.ts';
import { ticketKeys, ticketPeriod } from './ticket-keys.ts';

export interface ServerTls {
  /** At least one. */
  readonly certificates: readonly Certificate[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** What clients get that ask for another name, or for none. */
  readonly unknownNames: 'refuse' | 'first';
  /** Authorities of client certificates; null or unset: none are requested. */
  readonly clientCa?: string | null;
  /** Whether clients without a valid one are refused; if unset, they are. */
  readonly clientMode?: 'required' | 'optional';
  /** Their revocation lists, one of each in a text; null or unset: none are needed. */
  readonly clientCrls?: readonly string[] | null;
  /** Names them in metrics. */
  readonly clientCrlFile?: string | null;
}

/** Forward secrecy and AEAD only. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** How long a session can be resumed, in seconds. */
const sessionTimeoutS = 3_600;

export interface Presented extends CertificateFacts {
  readonly certificate: Certificate;
  readonly context: SecureContext;
}

export interface RevocationList extends ListTimes {
  readonly file: string;
}

export class ServerContexts {
  readonly #tls: ServerTls;
  readonly #secret: string | Uint8Array;
  readonly #presented: readonly Presented[];
  readonly #byName = new Map<string, SecureContext>();
  readonly lists: readonly ListTimes[];
  #first: { readonly period: number; readonly context: SecureContext } | null = null;

  /** `earlier`: its contexts are used again for certificates that stay, and for those whose new file is not valid now. */
  constructor(tls: ServerTls, secret: string | Uint8Array, earlier: ServerContexts | null, nowMs: number) {
    this.#tls = tls;
    this.#secret = secret;
    this.lists = (tls.clientCrls ?? []).map(timesOf);
    this.#presented = tls.certificates.map((certificate) => this.#present(certificate, earlier, nowMs));
    for (const { names, context } of this.#presented) {
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
    }
  }

  get certificates(): readonly Presented[] {
    return this.#presented;
  }

  /** Files whose certificates are not valid now, so that the last valid ones stay. */
  get skipped(): readonly string[] {
    const certificates = this.#tls.certificates;
    return certificates
      .filter((one, index) => !isSame(one, this.#presented[index]!.certificate))
      .map(({ file }) => file);
  }

  get minVersion(): ServerTls['minVersion'] {
    return this.#tls.minVersion;
  }

  /** What clients are verified by, as one text to compare; null: no certificate is requested. */
  get verifies(): string | null {
    const { clientCa, clientCrls } = this.#tls;
    return clientCa == null ? null : [this.requires, clientCa, ...(clientCrls ?? [])].join('\n');
  }

  /** Whether clients without a valid certificate are refused. */
  get requires(): boolean {
    const { clientCa, clientMode = 'required' } = this.#tls;
    return clientCa != null && clientMode === 'required';
  }

  /** Of the file with revocation lists: the one that expires first, expired ones included; null: there is none. */
  get revocationList(): RevocationList | null {
    const first = nextToExpire(this.lists, Number.NEGATIVE_INFINITY);
    return first === null ? null : { file: this.#tls.clientCrlFile ?? '', ...first };
  }

  #present(certificate: Certificate, earlier: ServerContexts | null, nowMs: number): Presented {
    const before = earlier?.certificates.find((one) => one.certificate.file === certificate.file);
    const sameOptions = earlier?.minVersion === this.minVersion && earlier.verifies === this.verifies;
    if (before !== undefined && sameOptions && isSame(before.certificate, certificate)) return before;
    const facts = factsOf(certificate);
    const kept = before !== undefined && !isValid(facts, nowMs) && isValid(before, nowMs);
    const used = kept ? before.certificate : certificate;
    return { ...(kept ? before : facts), certificate: used, context: createSecureContext(this.#options(used)) };
  }

  /** Of a port whose clients are given the context of their name afterwards. OpenSSL takes the keys of tickets from this one. */
  initial(nowMs: number): SecureContext {
    const period = ticketPeriod(nowMs);
    if (this.#first?.period !== period) this.#first = { period, context: this.#createInitial(period) };
    return this.#first.context;
  }

  #createInitial(period: number): SecureContext {
    const { minVersion, unknownNames } = this.#tls;
    // Without a certificate, a handshake for an unknown name fails.
    const certificate = unknownNames === 'refuse' ? null : this.#presented[0]!.certificate;
    return createSecureContext({
      ...this.#options(certificate),
      ticketKeys: ticketKeys(this.#secret, period, minVersion),
    });
  }

  #options(certificate: Certificate | null) {
    const { clientCa = null, clientCrls = null } = this.#tls;
    return {
      ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key }),
      ...(clientCa === null ? {} : { ca: clientCa }),
      ...(clientCrls === null ? {} : { crl: [...clientCrls] }),
      minVersion: this.#tls.minVersion,
      ciphers,
      honorCipherOrder: true,
      // A resumed session would keep the judgment of its first handshake, also under other authorities.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (clientCa === null ? 0 : constants.SSL_OP_NO_TICKET),
      // Node's default follows from the arguments of the process, so replicas would not resume each other's sessions.
      sessionIdContext: 'rolegate',
      sessionTimeout: sessionTimeoutS,
    };
  }

  /** Whether a certificate is for this host name, or for this address in the form of a URL. */
  covers(host: string): boolean {
    return this.forName(host) !== null || this.#presented.some(({ addresses }) => addresses.includes(host));
  }

  /** Null: the initial one. */
  forName(host: string): SecureContext | null {
    for (const name of namesFor(host)) {
      const context = this.#byName.get(name);
      if (context !== undefined) return context;
    }
    return null;
  }
}

function isSame(one: Certificate, other: Certificate): boolean {
  return one.cert === other.cert && one.key === other.key;
}

function isValid({ validFromMs, expiresAtMs }: CertificateFacts, nowMs: number): boolean {
  return validFromMs <= nowMs && nowMs < expiresAtMs;
}
