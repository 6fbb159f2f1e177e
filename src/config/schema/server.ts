/** Keys under `server` and `log`. */
import { z } from 'zod';
import { holdEveryAddress } from '../../core/syntax/addresses.ts';
import { Refusal } from '../refusal.ts';
import { decides, described, exposes, neither } from './key-class.ts';
import { type Parts, type Problems, refined } from './refine.ts';
import { anyText, autoOr, bool, integer, off, text, word } from './scalar.ts';
import { secret } from './secret.ts';
import { addressOrFalse, cidr, declared, duration, headerNames, hostName, idHint, idPattern, size } from './values.ts';

const failedAuthentications = z.strictObject({
  perClient: described(
    integer(0, 1_000_000).prefault(1000),
    'Failures of one address (of one /64 network in IPv6) in a window. 0: no bound.',
  ),
  perKey: described(
    integer(0, 1_000_000).prefault(100),
    'Failures with one key id of a key pair in a window, of all clients together. 0: no bound.',
  ),
  window: described(duration(1_000, 86_400_000).prefault('10m'), 'Length of a window, which begins with a failure.'),
});

const limits = z.strictObject({
  headerBytes: neither(
    size(1024, 1024 ** 2).prefault('16kb'),
    'All headers of a request together, in bytes. Beyond it: 431.',
  ),
  headers: neither(integer(8, 2000).prefault(100), 'Headers of a request. Beyond it: 431.'),
  credential: neither(
    size(256, 1024 ** 2).prefault('8kb'),
    'One credential (bearer, API key or secret) in bytes, within "headerBytes". Beyond it: 431.',
  ),
  target: neither(size(256, 64 * 1024).prefault('8kb'), 'Request target (path and query) in bytes. Beyond it: 414.'),
  headersTimeout: neither(
    duration().prefault('10s'),
    'Longest time for all headers of a request to arrive. Beyond it: 408.',
  ),
  requestTimeout: neither(
    duration(0).prefault('5m'),
    'Longest time for a whole request to arrive, body included; 0s: no limit. Beyond it: 408.',
  ),
  keepAliveTimeout: neither(
    duration().prefault('75s'),
    'How long an idle connection is kept; longer than the proxy in front keeps its own.',
  ),
  passes: neither(
    integer(0, 100).prefault(3),
    'Times that a request may have passed through a gateway of this name before, as its Via header says. Beyond it: 508.',
  ),
  connections: neither(integer(1, 1_000_000).prefault(10_000), 'Connections at once; beyond it new ones are closed.'),
  connectionsPerClient: neither(
    integer(0, 1_000_000).prefault(1000),
    'Connections of one address at once (of one /64 network in IPv6); beyond it new ones are closed. Trusted proxies are exempt. 0: no limit.',
  ),
  requestsPerConnection: neither(
    integer(0, 1_000_000_000).prefault(0),
    'Requests on one connection; the last response closes it. 0: no limit.',
  ),
  bodyMemory: neither(
    size(64 * 1024, 64 * 1024 ** 3).prefault('128mb'),
    'Memory of the first parts of all bodies (bodyBuffer) together with bytes that wait for their turn on a connection. Beyond it: 503.',
  ),
  bodyGrace: neither(
    duration(100).prefault('10s'),
    'Period of waiting for a body over which "bodyRate" is measured. A lower rate: 408.',
  ),
  unreadTimeout: neither(
    duration().prefault('60s'),
    'Longest time that a response waits for a client that reads nothing of it; beyond it the connection is closed.',
  ),
  failedAuthentications: neither(
    z.union([off('the bounds of failed authentications'), failedAuthentications]).prefault({
      perClient: 1000,
      perKey: 100,
      window: '10m',
    }),
    'Authentications that fail in a window: of one address, or /64 network in IPv6 ("perClient"), and with one key id of key pairs ("perKey"). Beyond it: 429, without a call to a source, but for credentials known to be good and two others a second. Replicas with a Redis share the count. False: no bounds.',
  ),
  eventLoopLag: neither(
    duration(0).prefault('500ms'),
    'Lag of the event loop beyond which some new requests are refused with 503; 0s: no limit.',
  ),
});

/** Also of the Auth API's own file. A trusted peer chooses the address of the client, so "everyone" is said in words. */
export function checkTrusted(
  { trustedProxies, trustEveryPeer }: Parts<{ trustedProxies: readonly string[]; trustEveryPeer: boolean }>,
  { at }: Problems,
): void {
  const ranges = (trustedProxies ?? []).filter((range) => range !== undefined);
  if (holdEveryAddress(ranges)) {
    const hint = 'name the proxies in front; "trustEveryPeer: true" says that every client may choose its own address';
    at(['trustedProxies'], 'these ranges hold every address', hint);
  } else if (trustEveryPeer === true && ranges.length > 0) {
    at(['trustedProxies'], '"trustedProxies" has no meaning with "trustEveryPeer"', 'remove one of the two');
  }
}

/** What the holder of a token of the admin port may do; each includes those before it. */
export const adminScopes = ['metrics', 'read', 'write'] as const;

const adminToken = z.strictObject({
  token: exposes(secret('a secret of at least 32 characters'), 'The bearer; at least 32 characters.', {
    examples: [`\${PROMETHEUS_ADMIN_TOKEN}`],
  }),
  scope: exposes(
    word(adminScopes),
    'What it may be used for. metrics: only /metrics; read: everything that changes nothing; write: everything.',
    { examples: ['metrics'] },
  ),
});

const serverKeys = z.strictObject({
  listen: exposes(
    addressOrFalse().prefault(':8080'),
    'Where clients connect: host and port; without host, every interface. False: none. Then requests are only decided, for the proxies of "authorizer" or inside an application (rolegate/middleware).',
  ),
  admin: exposes(
    addressOrFalse().prefault('127.0.0.1:9090'),
    'Admin port with metrics, health and routes; false: none. Keep it away from clients.',
  ),
  adminToken: exposes(
    secret('a secret of at least 32 characters').optional(),
    'Bearer that operators send to the admin port for everything; at least 32 characters. If neither this nor "adminTokens" is set: anyone who can reach the port may read, and may change nothing.',
    { examples: [`\${ROLEGATE_ADMIN_TOKEN}`] },
  ),
  adminTokens: described(
    z.record(declared('a token', idPattern, idHint), adminToken).optional(),
    'Further tokens by name, each with what it may be used for. The log line of a change has the name.',
    { examples: [{ prometheus: { token: `\${PROMETHEUS_ADMIN_TOKEN}`, scope: 'metrics' } }] },
  ),
  adminHosts: exposes(
    z.array(hostName()).prefault([]),
    'Further host names under which operators reach the admin port. Addresses, names of one label and private names (.localhost, .internal, .svc, .cluster.local) need no entry.',
    { examples: [['gate.example.test']] },
  ),
  trustedProxies: decides(
    z.array(cidr()).prefault([]),
    'Addresses or CIDR ranges of the proxies in front, whose X-Forwarded-* headers are trusted.',
    { examples: [['10.0.0.0/8']] },
  ),
  trustEveryPeer: decides(
    bool().prefault(false),
    'Trusts these headers of every peer, instead of "trustedProxies". Dangerous: a client then chooses its own address, host and scheme. Each start logs a warning.',
  ),
  forwardedHeaders: decides(
    word(['x-forwarded', 'forwarded']).prefault('x-forwarded'),
    'Which headers of trusted proxies are used: X-Forwarded-For, -Proto and -Host, or Forwarded (RFC 7239). The other kind is never read, because a proxy that does not set it forwards what clients send.',
  ),
  proxyHeaders: decides(
    z.array(headerNames()).prefault([]),
    'Further headers that only trusted proxies may send, beside X-Client-IP, X-SSL-Client-* and others; "*" at the end matches any ending. From other peers they are removed.',
    { examples: [['x-tenant', 'x-edge-*']] },
  ),
  via: neither(
    bool().prefault(true),
    'Whether requests to services carry Via. Some servers compress nothing for requests with it. Without it, a request that loops between gateways is not recognized.',
  ),
  returnRequestId: neither(
    bool().prefault(false),
    'Whether clients get the id of their request in x-request-id, replacing one that the service sends: the "requestId" of the log line.',
  ),
  name: neither(
    text('a name', (value) =>
      /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(value)
        ? value.toLowerCase()
        : new Refusal('expected letters, digits and . _ - inside, at most 64'),
    ).prefault('rolegate'),
    'Name in the Via header. Gateways in a row have one each; replicas share one.',
  ),
  drainDelay: neither(
    duration(0, 300_000).prefault('0s'),
    'How long a terminating process keeps serving and only reports that it is not ready: for load balancers that poll /health/ready.',
  ),
  drainTimeout: neither(
    duration(0).prefault('20s'),
    'Longest wait for requests in flight when the process ends, after "drainDelay".',
  ),
  workers: neither(
    autoOr(1, 256).prefault(1),
    'Processes that serve requests, ideally one per core; auto: one for each core that the process may use. They share the limits for all clients together.',
  ),
  limits: described(limits.prefault({}), 'What one client may use.'),
});

export const server = refined(serverKeys, checkTrusted);

/** What is kept of requests, so that an operator can look them up. */
export const records = z.strictObject({
  keep: exposes(duration(60_000, 7 * 86_400_000).prefault('24h'), 'How long a record is kept.'),
  most: neither(
    integer(100, 1_000_000).prefault(10_000),
    'Records that are kept in the memory of a process, and in Redis; beyond it the oldest one goes.',
  ),
  perSecond: neither(
    integer(1, 10_000).prefault(100),
    'Records that a process makes per second; further requests are counted and not recorded.',
  ),
  oneInAllowed: exposes(
    integer(0, 1_000_000).prefault(100),
    'On average one of this many allowed requests is recorded. 0: none, only those that are refused or fail.',
  ),
});

export const log = z.strictObject({
  level: neither(
    word(['trace', 'debug', 'info', 'warn', 'error', 'silent']).prefault('info'),
    'Least severe level that is written.',
  ),
  access: neither(bool().prefault(true), 'Whether each request is logged.'),
  format: neither(
    word(['json', 'pretty']).prefault('json'),
    'One JSON object per line (json), or short text for a terminal, in colors if it has them (pretty).',
  ),
  fields: neither(
    word(['rolegate', 'ecs', 'otel']).prefault('rolegate'),
    'Names in JSON lines: our own, those of the Elastic Common Schema, or those of the OpenTelemetry log data model.',
  ),
  slowRequest: neither(
    duration().optional(),
    'A request whose response takes longer to begin is logged at level warn, with "slow", also without "access". If unset: none is slow.',
    { examples: ['1s'] },
  ),
  decisions: described(
    z
      .strictObject({
        file: exposes(
          anyText('the name of a file'),
          'File for them, relative to the folder of this file; when it is full, it is kept once as ".1".',
          { examples: ['decisions.ndjson'] },
        ),
        perSecond: neither(
          integer(1, 100_000).prefault(100),
          'Maximum decisions recorded per second; others are only counted.',
        ),
        size: neither(size(1024, 1024 ** 4).prefault('64mb'), 'Size at which a new file is begun.'),
      })
      .optional(),
    'Records decisions for "rolegate diff --replay": the client (ids, roles, groups), the request and the result; no credential, and of query and headers only what conditions read.',
  ),
});
