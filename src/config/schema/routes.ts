/** Keys under `routes` and `defaults`. */
import { z } from 'zod';
import { access, methodsKey, signInAge } from './access.ts';
import { when } from './conditions.ts';
import { routeChallenges, routeCredentials, signIn } from './credentials.ts';
import { routeAssertion } from './identity-assertion.ts';
import { added, anyChange, decides, described, exposes, higher, lower, neither, ordered, removed } from './key.ts';
import { method } from './methods.ts';
import { pathReadings } from './path-readings.ts';
import { type ListRules, list, refined } from './refine.ts';
import { cors, responseHeaders } from './responses.ts';
import { anyText, bool } from './scalar.ts';
import { acr, forwardToken } from './session-routes.ts';
import { sourceName } from './source-values.ts';
import { absolutePath, duration, idHint, idPattern, moment, name, size, sizeOrUnlimited } from './values.ts';

const matchedMethods = list(method, {
  empty: ['an empty list of methods matches nothing', 'remove it to match every method'],
  distinct: 'method',
});

const hostText = () => anyText('a host name, such as api.example.test or *.example.test');
const pathText = () => anyText('a path pattern, such as "/v1/orders/{id}" or "/v1/**"');

const several: ListRules = { empty: ['an empty list matches nothing', 'name one'], most: [64, 'patterns'] };
/** Hosts times paths of one route: each pair is a separate pattern. */
const maxPatterns = 256;

const otherRequests = anyChange('other routes decide what it no longer matches');

const matchKeys = z.strictObject({
  host: decides(
    hostText().optional(),
    'Exact host, or "*.example.test" for every name below it. If unset, any host.',
    otherRequests,
    {
      examples: ['api.example.test'],
    },
  ),
  hosts: decides(
    list(hostText(), { ...several, distinct: 'host' }).optional(),
    'Several hosts, instead of "host". The route applies to each of them.',
    otherRequests,
    { examples: [['api.example.test', 'www.example.test']], alternative: true },
  ),
  path: decides(
    pathText().optional(),
    'Path pattern: literal segments, {name} for one segment, ** at the end for all further segments. A parameter can have a shape ({id:uuid}, {n:int}, {name:slug}, {kind:(a|b)}) and literal text around it ({id}.json, v{n:int}). This or "paths" is required.',
    otherRequests,
    { examples: ['/v1/orders/{tenant}/{id}'] },
  ),
  paths: decides(
    list(pathText(), { ...several, distinct: 'path' }).optional(),
    'Several path patterns, instead of "path". The route applies to each of them. Each must contain the parameters that the route reads.',
    otherRequests,
    { examples: [['/v1/orders/{tenant}/{id}', '/v1/archive/{tenant}/{id:int}.json']], alternative: true },
  ),
  methods: decides(
    matchedMethods.optional(),
    'Methods of the route, if "access" does not list them. If unset, every method.',
    otherRequests,
    { examples: [['GET', 'PUT', 'PATCH', 'DELETE']], alternative: true },
  ),
});

const match = refined(matchKeys, (parts, { at, atKey }) => {
  for (const [one, more] of [
    ['host', 'hosts'],
    ['path', 'paths'],
  ] as const) {
    if (one in parts && more in parts)
      atKey([more], `"${one}" and "${more}" exclude each other`, 'keep one of the two');
  }
  if (!('path' in parts || 'paths' in parts)) at([], 'the key "path" is missing');
  const count = (parts.hosts?.length ?? 1) * (parts.paths?.length ?? 1);
  if (count > maxPatterns) at([], `at most ${maxPatterns} pairs of a host and a path`, 'split it into two routes');
});

const rewrite = z.strictObject({
  stripPrefix: exposes(
    absolutePath().optional(),
    'Prefix that is removed from the path, in whole segments.',
    anyChange('requests reach other paths of the service'),
    {
      examples: ['/v1'],
    },
  ),
  addPrefix: exposes(
    absolutePath().optional(),
    'Prefix that is added to the path, after "stripPrefix".',
    anyChange('requests reach other paths of the service'),
    {
      examples: ['/internal'],
    },
  ),
});

const evicted = (what: string, example: string) =>
  decides(
    anyText('a parameter of the path, such as "{id}", or a field of the identity').optional(),
    `Where to find the id of ${what}.`,
    anyChange('what it named before is no longer revoked'),
    { examples: [example] },
  );

const evict = z.strictObject({
  session: evicted('the session', '{id}'),
  keyPair: evicted('the key pair', '{identity.keyId}'),
  user: evicted('the user', '{identity.userId}'),
  source: decides(
    sourceName().optional(),
    'The source whose sessions, key pairs or users an id from the path names: results of other sources are not concerned. If unset, "authApi".',
    anyChange('what it named before is no longer revoked'),
    { examples: ['authApi'] },
  ),
});

const streams = z.strictObject({
  recheck: decides(
    duration(0).prefault('60s'),
    'How often the identity of an open stream is looked up again; 0s: only when the credential expires.',
    higher('a stream stays open longer after its credential has ended', { loosest: 0 }),
  ),
});

export const route = z.strictObject({
  id: neither(name('a route', idPattern, idHint), 'Name in metrics, logs and reports; unique.', {
    examples: ['order'],
  }),
  match: described(
    match,
    'Requests to which the route applies. The most specific route wins, regardless of the order.',
  ),
  upstream: exposes(
    name('an upstream', idPattern, idHint).optional(),
    'Where requests go: a name under "upstreams", "auth-api", or a function of the gateway itself: "identity-keys" serves the public keys of "identityAssertion", "backchannel-logout" and "security-events" receive messages of issuers. Required unless "server.listen" is false.',
    anyChange('another service becomes reachable'),
    { examples: ['orders'] },
  ),
  access: decides(
    access.optional(),
    'Who may use the route: public, optional, authenticated, deny, a list of roles (any of them), { any, all, none }, or these by method ("PUT,PATCH" for several, "*" for all others; without "*" they return 405; HEAD follows GET). If unset, defaults.access.',
    anyChange('other callers meet it'),
    { examples: [{ GET: ['user'], 'PUT,PATCH': ['reporter'], DELETE: { all: ['admin'], none: ['suspended'] } }] },
  ),
  credentials: decides(
    routeCredentials.optional(),
    'Kinds of credential that the route accepts: bearer, keyPair, apiKey, session. Any other kind returns 401. If unset, every enabled kind except session.',
    added('callers with such a credential are accepted', { loosest: 'unset' }),
    { examples: [['bearer']] },
  ),
  challenges: exposes(
    routeChallenges.optional(),
    'Challenges of a 401: bearer, basic. If unset, one for each kind of credential that the route accepts. "[basic]" is for docker, podman and skopeo, which treat a Bearer challenge as the address of a token server.',
    anyChange('clients send other credentials'),
    { examples: [['bearer']] },
  ),
  signIn: exposes(
    signIn.optional(),
    'Name of a provider of "signIn.providers", "authApi" for the pages of the embedded Auth API, or a list of several, among which people choose, for routes whose "credentials" list "session"; or a sign-in page of yours. A browser navigation (GET) without a valid credential is redirected there (303), with the address to return to, and with max_age (in seconds) if the sign-in is too old. Every other request still gets 401. False disables it. If unset, defaults.signIn.',
    anyChange('browsers are sent to another page'),
    { examples: [{ url: '/sign-in', returnParameter: 'return_to' }] },
  ),
  maxVerdictAge: decides(
    z.union([duration(0), z.record(methodsKey, duration(0))]).optional(),
    'Maximum age of a cached verdict, or this by method ("PUT,PATCH" for several, "*" for all others; HEAD follows GET). If unset, any age that the cache allows.',
    higher('a revoked credential is accepted longer', { loosest: 'unset' }),
    { examples: ['5s', { GET: '60s', DELETE: '0s' }] },
  ),
  maxAuthAge: decides(
    signInAge.optional(),
    'Maximum time since the user signed in, or this by method as in "maxVerdictAge". A longer or unknown time returns 401 "sign_in_too_old", with the challenge insufficient_user_authentication and max_age (RFC 9470). Only for rules that need a credential. If unset, the time does not matter.',
    higher('an older sign-in is accepted', { loosest: 'unset' }),
    { examples: ['15m', { 'PUT,DELETE': '5m' }] },
  ),
  acr,
  timeout: neither(
    duration().optional(),
    'Maximum time until the response begins, and between two parts of a request body. Exceeding it returns 504 or 408. If unset, defaults.timeout.',
    { examples: ['10s'] },
  ),
  idleTimeout: neither(
    duration(0).optional(),
    'Maximum time between two parts of a response; 0s: no limit. Exceeding it closes the connection. If unset, defaults.idleTimeout.',
    { examples: ['60s'] },
  ),
  maxBody: neither(
    sizeOrUnlimited().optional(),
    'Maximum size of a request body. Exceeding it returns 413. If unset, defaults.maxBody.',
    {
      examples: ['10mb'],
    },
  ),
  bodyBuffer: neither(
    size(0, 1024 ** 2).optional(),
    'How much of a request body is received before a connection to the service is used. Set 0b if clients expect a response while they send. If unset, defaults.bodyBuffer.',
    { examples: ['64kb'] },
  ),
  bodyRate: neither(
    size(0, 1024 ** 3).optional(),
    'Minimum rate of a request body, in bytes per second; 0b: any rate. If unset, defaults.bodyRate.',
    { examples: ['500b'] },
  ),
  streams: described(
    streams.optional(),
    'WebSockets, event streams and long transfers of this route. If unset, defaults.streams.',
  ),
  rewrite: described(rewrite.optional(), 'Changes the path after the decision.'),
  forwardCredentials: exposes(
    bool().optional(),
    'Whether the upstream receives the credential. If unset, only on routes whose rules are all public, or that accept only sessions: there, Authorization belongs to the service. Cookies of sessions are never forwarded.',
    ordered([false, true], 'the service sees the credential and can use it'),
    { examples: [false] },
  ),
  forwardToken,
  identityAssertion: exposes(
    routeAssertion.optional(),
    'Recipient of the signed identity of this route ("aud"). False sends none. If unset, the name of the upstream.',
    anyChange('another service can use the assertion'),
    { examples: [{ audience: 'https://orders.example.test' }] },
  ),
  websocket: decides(
    bool().prefault(false),
    'Whether WebSocket upgrades are forwarded.',
    ordered([false, true], 'WebSockets reach the service'),
  ),
  evict: described(
    evict.optional(),
    'What a successful call (2xx) revokes on every replica before its response is sent. For an Auth API that sends no revocations. "{name}" is a parameter of the path; "{identity.sessionId}", "{identity.keyId}" and "{identity.userId}" are the caller\'s own.',
  ),
  path: described(pathReadings.prefault({}), 'Spellings that services read in more than one way.'),
  cors: described(
    cors.optional(),
    'Pages of other origins that may use the route from a browser. If unset, OPTIONS is treated like any other method.',
  ),
  responseHeaders: described(
    responseHeaders.optional(),
    'Headers of responses. A key that is unset here falls back to defaults.responseHeaders.',
  ),
  when: decides(
    when.optional(),
    'What must be true besides "access": every entry compares one value (param, query, header, identity, client) by equals, in, startsWith, lt, lte, gt, gte, exists or cidr, or the time (days, from, to, zone), or joins entries by all, any, not; "reason" is its name in refusals, "unless" lists roles that are exempt, "methods" lists those to which it applies. A plain text refers to a condition under "conditions.named".',
    removed('requests that did not meet it are allowed'),
    { examples: [[{ param: 'tenant', in: 'identity.groups', unless: ['admin'], reason: 'wrong_tenant' }]] },
  ),
  notBefore: decides(
    moment().optional(),
    'When the route opens. Earlier requests return 403 "access_not_active".',
    lower('requests are allowed earlier', { loosest: 'unset' }),
    {
      examples: ['2026-12-01T00:00:00Z'],
    },
  ),
  notAfter: decides(
    moment().optional(),
    'When the route closes. Later requests return 403 "access_not_active", and "rolegate validate" reports the route.',
    higher('requests are allowed longer', { loosest: 'unset' }),
    { examples: ['2099-01-31T00:00:00Z'] },
  ),
});

export const defaults = z.strictObject({
  responseHeaders: described(responseHeaders.prefault({}), 'Headers of responses, unless a route sets them.'),
  access: decides(access.prefault('deny'), 'Rule for routes without "access".', anyChange('other callers meet it')),
  signIn: exposes(
    signIn.prefault(false),
    'Sign-in page for routes without "signIn", or the name of a provider, for those of them whose "credentials" list "session". False disables it.',
    anyChange('browsers are sent to another page'),
    {
      examples: [{ url: '/sign-in', returnParameter: 'return_to' }],
    },
  ),
  timeout: neither(
    duration().prefault('60s'),
    'Maximum time until the response begins, and between two parts of a request body. Exceeding it returns 504 or 408.',
  ),
  idleTimeout: neither(
    duration(0).optional(),
    'Maximum time between two parts of a response; 0s: no limit. Exceeding it closes the connection. If unset, 60s, and 5m for an event stream (text/event-stream). WebSockets have no such limit.',
    { examples: ['60s'] },
  ),
  maxBody: neither(
    sizeOrUnlimited().prefault('unlimited'),
    'Maximum size of a request body. Exceeding it returns 413. Bodies are streamed, so large ones use no more memory.',
  ),
  bodyBuffer: neither(
    size(0, 1024 ** 2).prefault('64kb'),
    'How much of a request body is received before a connection to the service is used.',
  ),
  bodyRate: neither(
    size(0, 1024 ** 3).prefault('500b'),
    'Minimum rate of a request body, in bytes per second; 0b: any rate. A lower rate returns 408. While other requests wait for a connection to the service, it also applies to reading a response, which is then broken.',
  ),
  streams: described(streams.prefault({}), 'WebSockets, event streams and long transfers.'),
});
