/** Keys under `server` and `log`. */
import { z } from 'zod';
import { certificateHeaders } from '../../core/forwarding/forwarding-rules.ts';
import { holdEveryAddress } from '../../core/syntax/addresses.ts';
import { Problem } from '../problem.ts';
import { added, anyChange, decides, described, exposes, higher, lower, neither, ordered, removed } from './key.ts';
import { checkCertificateHeader, checkProxyProtocol, listen } from './listeners.ts';
import { portTls } from './port-tls.ts';
import { type Parts, type Problems, refined } from './refine.ts';
import { anyText, autoOr, bool, boolOr, fraction, integer, off, text, word, wordOrOff } from './scalar.ts';
import { secret } from './secret.ts';
import { addressOrFalse, cidr, declared, duration, headerNames, hostName, idHint, idPattern, size } from './values.ts';

const failedAuthentications = z.strictObject({
  perClient: decides(
    integer(0, 1_000_000).prefault(1000),
    'Failures of one address (of one /64 network in IPv6) in a window. 0: no bound.',
    higher('an address can guess more often', { loosest: 0 }),
  ),
  perKey: decides(
    integer(0, 1_000_000).prefault(100),
    'Failures with one key id of a key pair in a window, of all clients together. 0: no bound.',
    higher('the secret of a key can be guessed more often', { loosest: 0 }),
  ),
  window: decides(
    duration(1_000, 86_400_000).prefault('10m'),
    'Length of a window, which begins with a failure.',
    lower('the count of guesses begins again sooner'),
  ),
});

const limits = z.strictObject({
  headerBytes: neither(
    size(1024, 1024 ** 2).prefault('16kb'),
    'Maximum size of all headers of a request together. Exceeding it returns 431.',
  ),
  headers: neither(integer(8, 2000).prefault(100), 'Maximum number of headers of a request. Exceeding it returns 431.'),
  credential: neither(
    size(256, 1024 ** 2).prefault('8kb'),
    'Maximum size of one credential (bearer, API key or secret), within "headerBytes". Exceeding it returns 431.',
  ),
  target: neither(
    size(256, 64 * 1024).prefault('8kb'),
    'Maximum size of the request target (path and query). Exceeding it returns 414.',
  ),
  headersTimeout: neither(
    duration().prefault('10s'),
    'Maximum time for all headers of a request to arrive. Exceeding it returns 408; a new connection without a single byte is closed.',
  ),
  requestTimeout: neither(
    duration(0).prefault('0s'),
    'Maximum time for a whole request to arrive, including the body; 0s: no limit, so that a large upload may take as long as its client needs. Exceeding it returns 408.',
  ),
  keepAliveTimeout: neither(
    duration().prefault('75s'),
    'How long an idle connection is kept open. It must be longer than that of the proxy in front.',
  ),
  passes: neither(
    integer(0, 100).prefault(3),
    'How often a request may have passed through a gateway of this name before, by its Via header. Exceeding it returns 508.',
  ),
  connections: neither(
    integer(1, 1_000_000).prefault(10_000),
    'Maximum number of open connections. Further ones are closed at once.',
  ),
  connectionsPerClient: neither(
    integer(0, 1_000_000).prefault(1000),
    'Maximum number of open connections from one address (in IPv6: one /64 network); 0: no limit. Further ones are closed at once. Trusted proxies are exempt.',
  ),
  requestsPerConnection: neither(
    integer(0, 1_000_000_000).prefault(0),
    'Maximum number of requests on one connection; 0: no limit. It closes after the last response.',
  ),
  bodyMemory: neither(
    size(64 * 1024, 64 * 1024 ** 3).prefault('128mb'),
    'Maximum memory of all body buffers ("bodyBuffer") together, including bytes that wait for their turn on a connection. Exceeding it returns 503.',
  ),
  bodyGrace: neither(
    duration(100).prefault('60s'),
    'How long the body of a request may stay below "bodyRate" while the gateway waits for the client; 5 seconds while other requests wait for the connection that it holds. A longer time returns 408.',
  ),
  unreadTimeout: neither(
    duration().prefault('60s'),
    'Maximum time that a response waits for a client that does not read. Then the connection is closed.',
  ),
  // It decides whether secrets can be guessed.
  failedAuthentications: decides(
    z.union([off('the bounds of failed authentications'), failedAuthentications]).prefault({
      perClient: 1000,
      perKey: 100,
      window: '10m',
    }),
    'Maximum failed authentications in a window: from one address, or /64 network in IPv6 ("perClient"), and with one key id of key pairs ("perKey"). Exceeding it returns 429 without a call to a source, except for credentials known to be good and one other per second. "perKey" does not apply to the bundled Auth API, which has its own bound. Replicas with Redis share the count. False disables the limit.',
    anyChange('secrets can be guessed more often', { loosest: false }),
  ),
  eventLoopLag: neither(
    duration(0).prefault('500ms'),
    'Delay by lack of CPU time above which some new requests are refused with 503: the lag of the event loop and, while that is never idle, the time that requests wait for a connection to a service; 0s: no limit.',
  ),
});

/** Also used for the Auth API's own file. A trusted peer chooses the client address, so trusting every peer must be explicit. */
export function checkTrusted(
  { trustedProxies, trustEveryPeer }: Parts<{ trustedProxies: readonly string[]; trustEveryPeer: boolean }>,
  { at }: Problems,
): void {
  const ranges = (trustedProxies ?? []).filter((range) => range !== undefined);
  if (holdEveryAddress(ranges)) {
    const hint = 'list the proxies in front; "trustEveryPeer: true" lets every client choose its own address';
    at(['trustedProxies'], 'these ranges contain every address', hint);
  } else if (trustEveryPeer === true && ranges.length > 0) {
    at(['trustedProxies'], '"trustedProxies" has no meaning with "trustEveryPeer"', 'remove one of the two');
  }
}

/** Permissions of an admin token; each includes those before it. */
export const adminScopes = ['metrics', 'read', 'write'] as const;

const adminToken = z.strictObject({
  token: exposes(
    secret('a secret of at least 32 characters'),
    'The bearer; at least 32 characters.',
    anyChange('others may know another token'),
    {
      examples: [`\${PROMETHEUS_ADMIN_TOKEN}`],
    },
  ),
  scope: exposes(
    word(adminScopes),
    'What the token permits. metrics: only /metrics; read: everything that changes nothing; write: everything.',
    ordered(['metrics', 'read', 'write'], 'the token permits more'),
    { examples: ['metrics'] },
  ),
});

const serverKeys = z.strictObject({
  listen: exposes(
    listen,
    'Address for clients: host and port, or only a port for every interface; or "fd:3", a listening socket that a service manager passes on as this descriptor. Or a list of such addresses, each with its own settings. If false, Rolegate only decides, for the proxies of "authorizer" or inside an application (rolegate/middleware).',
    anyChange('others may reach another address', { strictest: false }),
  ),
  admin: exposes(
    addressOrFalse().prefault('127.0.0.1:9090'),
    'Address of the admin port, which serves metrics, health and routes. Clients must not reach it. False disables it.',
    anyChange('others may reach another address', { strictest: false }),
  ),
  adminTls: portTls('the admin port'),
  adminToken: exposes(
    secret('a secret of at least 32 characters').optional(),
    'Bearer with full access to the admin port; at least 32 characters. If neither this nor "adminTokens" is set, anyone who can reach the port may read but not change anything.',
    anyChange('others may know another token; without tokens, anyone who reaches the port can read'),
    { examples: [`\${ROLEGATE_ADMIN_TOKEN}`] },
  ),
  adminTokens: described(
    z.record(declared('a token', idPattern, idHint), adminToken).optional(),
    'Additional tokens by name, each with a scope. The log line of a change contains the name.',
    { examples: [{ prometheus: { token: `\${PROMETHEUS_ADMIN_TOKEN}`, scope: 'metrics' } }] },
  ),
  adminHosts: exposes(
    z.array(hostName()).prefault([]),
    'Additional host names of the admin port. Addresses, single-label names and private names (.localhost, .internal, .svc, .cluster.local) need no entry.',
    added('web pages under such a name can reach the port'),
    { examples: [['gate.example.test']] },
  ),
  trustedProxies: decides(
    z.array(cidr()).prefault([]),
    'Addresses or CIDR ranges of the proxies in front, whose X-Forwarded-* headers are trusted.',
    anyChange(
      'an added proxy chooses the address, host and scheme of clients; that of a removed one becomes the address of all its clients',
    ),
    { examples: [['10.0.0.0/8']] },
  ),
  trustEveryPeer: decides(
    bool().prefault(false),
    'Trusts these headers of every peer, not only those of "trustedProxies". Dangerous: clients can then choose their own address, host and scheme. Each start logs a warning.',
    ordered([false, true], 'clients choose their own address, host and scheme'),
  ),
  forwardedHeaders: decides(
    word(['x-forwarded', 'forwarded']).prefault('x-forwarded'),
    'Which headers of trusted proxies are used: X-Forwarded-For, -Proto and -Host, or Forwarded (RFC 7239). The other kind is never read, because a proxy that does not set it forwards what clients send.',
    anyChange('a proxy that does not set the other headers forwards those of clients'),
  ),
  clientCertificateHeader: decides(
    wordOrOff(certificateHeaders).prefault(false),
    'Header in which trusted proxies send the verified certificate of their client: "client-cert" (RFC 9440), "ssl-client-cert" with "ssl-client-verify" (nginx), "x-forwarded-client-cert" (Envoy) or "x-forwarded-tls-client-cert" (Traefik). False: requests of trusted proxies have no certificate.',
    anyChange('a proxy that does not set the header forwards certificates that clients choose'),
  ),
  proxyHeaders: decides(
    z.array(headerNames()).prefault([]),
    'Additional headers that only trusted proxies may send, besides X-Client-IP, X-SSL-Client-* and others; "*" at the end matches any suffix. They are removed from requests of other peers.',
    removed('services receive the header from any client'),
    { examples: [['x-tenant', 'x-edge-*']] },
  ),
  via: neither(
    bool().prefault(true),
    'Whether requests to services carry Via. Some servers do not compress responses to such requests. Without it, loops between gateways are not detected.',
  ),
  returnRequestId: neither(
    bool().prefault(false),
    'Whether responses carry the id of the request (the "requestId" of the log line) in x-request-id, instead of one that the service sends.',
  ),
  name: neither(
    text('a name', (value) =>
      /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(value)
        ? value.toLowerCase()
        : new Problem('expected letters, digits and . _ - inside, at most 64'),
    ).prefault('rolegate'),
    'Name in the Via header. Each gateway in a chain needs its own; replicas share one.',
  ),
  readyWithoutSources: neither(
    bool().prefault(true),
    'Whether a process is ready while no source of credentials is reachable. All replicas share their sources: if their outage made each of them not ready, load balancers would have nowhere to send requests, public ones included.',
  ),
  drainDelay: neither(
    duration(0, 300_000).prefault('2s'),
    'How long a process that SIGTERM ends keeps serving while it already reports that it is not ready, for load balancers that poll /health/ready. Its responses then announce that their connections end (Connection: close). SIGINT ends it without this time.',
  ),
  drainTimeout: neither(
    duration(0).prefault('20s'),
    'How long requests in flight may take to finish when the process ends, after "drainDelay".',
  ),
  workers: neither(
    autoOr(1, 256).prefault(1),
    'Number of processes that serve requests, ideally one per core; "auto" starts one for each available core. They share the limits for all clients together.',
  ),
  limits: described(limits.prefault({}), 'Limits for clients.'),
});

export const server = refined(serverKeys, (parts, problems) => {
  checkTrusted(parts, problems);
  checkProxyProtocol(parts, problems);
  checkCertificateHeader(parts, problems);
  if (parts.admin === null && 'adminTls' in parts)
    problems.atKey(['adminTls'], '"adminTls" has no effect without the admin port');
});

/** Records of requests, which an operator can look up. */
export const records = z.strictObject({
  keep: exposes(
    duration(60_000, 7 * 86_400_000).prefault('24h'),
    'How long a record is kept.',
    higher('a record can be read longer'),
  ),
  max: neither(
    integer(100, 1_000_000).prefault(10_000),
    'Maximum number of records in the memory of a process, and in Redis. Beyond it, the oldest record of the most frequent reason is removed, so that a flood does not remove rare ones.',
  ),
  perSecond: neither(
    integer(1, 10_000).prefault(100),
    'Maximum number of records of one reason per second and process, and of all together five times as many. The first one of each reason is always recorded. Further requests are counted but not recorded.',
  ),
  allowedSample: exposes(
    fraction().prefault(0.01),
    'Share of the allowed requests that are recorded, from 0 to 1, and with "log.access: sampled" logged. Requests that are refused or fail, and responses with x-error-id, are always recorded.',
    higher('more requests are recorded'),
  ),
  file: exposes(
    anyText('the name of a file').optional(),
    'File to which records are also written, for "rolegate diff --replay", relative to the folder of this file. A full file is renamed to end in ".1", replacing the previous one. If unset, there is none.',
    anyChange('the records can be read there', { strictest: 'unset' }),
    { examples: ['decisions.ndjson'] },
  ),
  fileSize: neither(size(1024, 1024 ** 4).prefault('64mb'), 'Size at which a new file begins.'),
});

export const log = z.strictObject({
  level: neither(
    word(['trace', 'debug', 'info', 'warn', 'error', 'silent']).prefault('info'),
    'Minimum level of the lines that are written.',
    { why: 'no level logs a secret' },
  ),
  access: neither(
    boolOr('sampled').prefault(true),
    'Whether each request is logged. With sampled, requests that are refused or fail, responses with x-error-id, and the share of allowed requests that "records.allowedSample" sets.',
  ),
  format: neither(
    word(['json', 'pretty']).prefault('json'),
    'One JSON object per line (json), or short text for a terminal, in colors if it has them (pretty).',
  ),
  fields: neither(
    word(['rolegate', 'ecs', 'otel']).prefault('rolegate'),
    'Names of the members of JSON lines: those of Rolegate, of the Elastic Common Schema, or of the OpenTelemetry log data model.',
  ),
  instance: neither(
    anyText('a name').optional(),
    'Name of this replica in log lines and records. If unset, the name of the host, which in a container or pod is its own.',
    { examples: ['gateway-1'] },
  ),
  slowRequest: neither(
    duration().optional(),
    'A request whose response takes longer than this to begin is logged at level warn, with "slow", even if "access" is false. If unset, no request counts as slow.',
    { examples: ['1s'] },
  ),
});
