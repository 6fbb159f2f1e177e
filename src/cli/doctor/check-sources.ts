/**
 * Whether each source of identities responds, and rejects a credential that cannot exist in a way that the gateway understands. It uses the
 * gateway's own code, so the results apply to the gateway.
 */
import { randomBytes } from 'node:crypto';
import { sourcesOf } from '../../app/create-runtime.ts';
import type { Config } from '../../config/config.ts';
import {
  isRemote,
  type RemoteSourceConfig,
  type SourceConfig,
  type SourcesConfig,
} from '../../config/source-config.ts';
import { type Credential, kindsOf } from '../../core/credential/credential.ts';
import { extractCredential } from '../../core/credential/extract-credential.ts';
import { failureText, type SourceFailure } from '../../core/identity/identity.ts';
import { gatewayHeader } from '../../core/syntax/header-names.ts';
import { createSources, type Sources } from '../../identity/sources/create-sources.ts';
import type { SourceResult } from '../../identity/sources/source.ts';
import { type Check, type Finding, findingsOf, withinCheck } from './check.ts';
import { certificateFindings, clockFinding, connectionAdvice, seeServer } from './see-server.ts';

type JwtSource = Extract<SourceConfig, { kind: 'jwt' }>;

/** `headers`: those of a valid credential, alternating names and values; may be empty. */
export function sourceChecks(config: Config, timeoutMs: number, headers: readonly string[]): readonly Check[] {
  const { authApi } = config;
  const sources = sourcesOf(config, authApi?.kind === 'remote' ? authApi : null);
  const { list } = sources;
  const credentialChecks = headers.length === 0 ? notGiven(list) : [givenCheck(config, sources, headers, timeoutMs)];
  return [
    ...credentialChecks,
    ...list.flatMap((source): readonly Check[] => {
      if (source.kind === 'jwt') return jwtChecks(source, timeoutMs);
      if (!isRemote(source)) return [];
      if (source.urls.length === 0) return [embeddedCheck(source.name)];
      const kinds = kindsOf(config.credentials).filter(
        (kind) => kind !== 'session' && config.sourceRule[kind] === source.name,
      );
      return source.urls.flatMap((url) => [
        ...(kinds.length === 0 ? (['bearer'] as const) : kinds).map((kind) =>
          remoteCheck(source, url, kind, timeoutMs),
        ),
        serverCheck(source, url, null, timeoutMs),
        ...gatewayChecks(source, url, timeoutMs),
      ]);
    }),
  ];
}

function embeddedCheck(name: string): Check {
  const { ok } = findingsOf('sources', name);
  return { group: 'sources', subject: name, run: async () => [ok('embedded: it starts with the gateway')] };
}

const kindWords: Readonly<Record<Credential['kind'], string>> = {
  bearer: 'bearer',
  keyPair: 'key pair',
  apiKey: 'API key',
  session: 'session',
  certificate: 'certificate',
};

function remoteCheck(source: RemoteSourceConfig, url: string, kind: Credential['kind'], timeoutMs: number): Check {
  const subject = `${source.name} ${new URL(url).origin}`;
  return {
    group: 'sources',
    subject,
    async run() {
      const target = { ...source, urls: [url], timeoutMs: withinCheck(source.timeoutMs, timeoutMs) };
      const sources = openSource(target);
      try {
        const credential = nonsense(kind);
        const result = await sources.of(credential)!.check(credential);
        return [judge(findingsOf('sources', subject), source, kindWords[kind], result)];
      } finally {
        await sources.close();
      }
    },
  };
}

function judge(
  { ok, warning, error }: ReturnType<typeof findingsOf>,
  source: RemoteSourceConfig,
  kind: string,
  result: SourceResult,
): Finding {
  if (result.identity !== null) {
    return error(
      `accepts a ${kind} that does not exist`,
      'It would accept any credential: do not use this URL until it checks them.',
    );
  }
  if (result.reason === 'credential_rejected') return ok(`rejects an unknown ${kind}`);
  if (result.reason === 'auth_throttled') {
    return warning(
      `limits checks (429), so its result for an unknown ${kind} is not known`,
      'Run the command again later.',
    );
  }
  const { failure } = result;
  if (failure === null) return error(`no result for an unknown ${kind} (${result.reason})`, 'Run the command again.');
  return error(
    textOf(failure, `for an unknown ${kind}`),
    failureAdvice(source, failure, 'should reject the credential'),
  );
}

const textOf = (failure: SourceFailure, why: string) =>
  `${failureText(failure)} ${why}, ${new URL(failure.url).pathname}`;

/** `duty`: of the source, if it responds. */
function failureAdvice(source: SourceConfig, { kind, detail }: SourceFailure, duty: string): string {
  const setting = source.kind === 'authApi' && source.short ? 'authApi' : `sources.${source.name}`;
  switch (kind) {
    case 'connection':
    case 'certificate':
      return connectionAdvice(detail, setting);
    case 'timeout':
      return connectionAdvice('timeout', setting);
    case 'protocol':
      return `It does not speak HTTP/1.1: check the port and http or https under "${setting}".`;
    case 'status':
      return statusAdvice(source, setting, Number(/\d+/.exec(detail)?.[0]));
    default:
      return `It ${duty}, but responds with something else: check the URL and the fields under "${setting}".`;
  }
}

function statusAdvice(source: SourceConfig, setting: string, status: number): string {
  if (source.kind === 'introspection' && (status === 401 || status === 403)) {
    return `It does not accept the gateway as a client: check "${setting}.client".`;
  }
  if (status === 404 || status === 405)
    return `It has nothing at this path: check the URL and paths under "${setting}".`;
  if (status >= 500) return 'It has an internal error: read its log.';
  return `If it rejects credentials by this status, add it to "${setting}.rejectedStatuses"; otherwise check the URL.`;
}

/** The keys of an issuer, as the gateway fetches them. */
function jwtChecks(source: JwtSource, timeoutMs: number): readonly Check[] {
  const subject = `${source.name} ${source.issuer}`;
  const { ok, error } = findingsOf('sources', subject);
  if (source.keys.from === 'files') {
    const text = `${source.keys.keys.length} public keys from files`;
    return [{ group: 'sources', subject, run: async () => [ok(text)] }];
  }
  const url = source.keys.from === 'jwks' ? source.keys.url : source.issuer;
  const keys: Check = {
    group: 'sources',
    subject,
    async run() {
      const target = { ...source, timeoutMs: withinCheck(source.timeoutMs, timeoutMs), introspection: null };
      const sources = openSource({ ...target, introspect: 'never' });
      try {
        const failure = (await sources.status()).flatMap(({ failures }) => failures)[0];
        if (failure === undefined) return [ok('its keys were fetched')];
        return [error(textOf(failure, 'instead of keys'), failureAdvice(source, failure, 'should return keys'))];
      } finally {
        await sources.close();
      }
    },
  };
  return [keys, serverCheck(source, url, source.clockSkewMs, timeoutMs)];
}

/** Whether the bundled Auth API recognizes the gateway: its liveness check also judges the secret. */
function gatewayChecks(source: RemoteSourceConfig, url: string, timeoutMs: number): readonly Check[] {
  const secret = source.kind === 'authApi' ? (source.gatewaySecret ?? null) : null;
  if (secret === null) return [];
  const subject = 'authApi.gatewaySecret';
  const { ok, error } = findingsOf('sources', subject);
  return [
    {
      group: 'sources',
      subject,
      async run() {
        const seen = await seeServer(new URL('/health/live', url), source.tls, {
          timeoutMs: withinCheck(source.timeoutMs, timeoutMs),
          headers: { [gatewayHeader]: secret },
          wantsBody: true,
        });
        // Any other Auth API does not say.
        const [, said] = 'failure' in seen ? [] : (/"gateway":"(\w+)"/.exec(seen.body) ?? []);
        if (said === undefined) return [];
        if (said === 'recognized') return [ok('the Auth API recognizes the gateway by it')];
        return [
          error(
            'the Auth API does not know this secret, so all clients share one address and its limits',
            'Set "gatewaySecret" in the file of the Auth API to the same value.',
          ),
        ];
      },
    },
  ];
}

/** Without a valid credential, no source returns an identity. */
function notGiven(list: readonly SourceConfig[]): readonly Check[] {
  const subject = 'fields';
  const { ok } = findingsOf('sources', subject);
  const run = async () => [ok('not checked, because no credential was given (ROLEGATE_CREDENTIAL)')];
  return list.some((one) => isRemote(one) && one.urls.length > 0) ? [{ group: 'sources', subject, run }] : [];
}

/** A valid credential shows whether the fields of the identity can be read. */
function givenCheck(config: Config, sources: SourcesConfig, headers: readonly string[], timeoutMs: number): Check {
  const subject = 'the given credential';
  const { ok, warning, error } = findingsOf('sources', subject);
  return {
    group: 'sources',
    subject,
    async run() {
      const credential = extractCredential({ method: 'GET', authority: '' }, headers, config.credentials, null);
      if (credential === null || typeof credential === 'string')
        return [error(`it is not used (${credential ?? 'no configured kind'})`, 'Give it as clients send it.')];
      const timed = sources.list.map((one) =>
        'timeoutMs' in one ? { ...one, timeoutMs: withinCheck(one.timeoutMs, timeoutMs) } : one,
      );
      const opened = openSources({ ...sources, list: timed });
      try {
        const source = opened.of(credential);
        if (source === null)
          return [warning('no source is responsible for it', 'See "sourceOf" in the configuration.')];
        const result = await source.check(credential);
        if (result.identity !== null) {
          const { roles, groups } = result.identity;
          return [ok(`accepted by ${source.name}; roles: ${listed(roles)}; groups: ${listed(groups)}`)];
        }
        const sourceConfig = sources.list.find(({ name }) => name === source.name);
        if (result.failure !== null && sourceConfig !== undefined)
          return [
            error(
              textOf(result.failure, 'for it'),
              failureAdvice(sourceConfig, result.failure, 'should return the identity'),
            ),
          ];
        return [
          warning(
            `not accepted by ${source.name} (${result.reason})`,
            'Give a valid one, or check the URL of the source.',
          ),
        ];
      } finally {
        await opened.close();
      }
    },
  };
}

const listed = (names: readonly string[]) => (names.length === 0 ? 'none' : names.slice(0, 10).join(', '));

/** The clock and the certificate; the other check shows whether it responds. */
function serverCheck(
  source: RemoteSourceConfig | JwtSource,
  url: string,
  toleratedMs: number | null,
  timeoutMs: number,
): Check {
  const subject = `${source.name} ${new URL(url).origin}`;
  return {
    group: 'clocks',
    subject,
    async run() {
      const seen = await seeServer(new URL(url), source.tls, { timeoutMs: withinCheck(source.timeoutMs, timeoutMs) });
      if ('failure' in seen) return [];
      const clock = seen.aheadMs === null ? [] : [clockFinding(subject, seen.aheadMs, toleratedMs)];
      return [...certificateFindings(findingsOf('sources', subject), seen), ...clock];
    },
  };
}

/** A single source, used for every credential. */
function openSource(source: SourceConfig): Sources {
  const { name } = source;
  return openSources({
    list: [source],
    rule: { bearer: name, keyPair: name, apiKey: name, certificate: name, issuers: [], sessions: [] },
  });
}

function openSources(config: SourcesConfig): Sources {
  const none = () => {};
  return createSources({
    config,
    events: { sourceCall: none, claimUnreadable: none, breaker: none, failover: none, sources: none },
    now: Date.now,
    steady: () => performance.now(),
  });
}

/** In the usual form, but never issued. */
function nonsense(kind: Credential['kind']): Credential {
  const randomText = () => `rolegate-doctor-${randomBytes(24).toString('hex')}`;
  if (kind === 'bearer') return { kind, token: randomText() };
  if (kind === 'session') return { kind, id: randomText() };
  if (kind === 'certificate') return { kind, fingerprint: randomText(), der: '' };
  return kind === 'apiKey' ? { kind, key: randomText() } : { kind, apiKey: randomText(), apiSecret: randomText() };
}
