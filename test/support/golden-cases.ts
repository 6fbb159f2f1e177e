/**
 * Reads the golden cases of test/fixtures/cases: one file per topic with a configuration, the identities that its Auth
 * API accepts, and requests with the expected decision. The same rows go through every entrypoint. Unknown keys are
 * errors, so a misspelled expectation cannot pass by checking nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Credential } from '../../src/core/credential/credential.ts';
import { stages } from '../../src/core/decision.ts';
import type { Identity, Resolution } from '../../src/core/identity/identity.ts';
import { type ReasonCode, reasons } from '../../src/core/outcome/reasons.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';

const reason = z.string().refine((code): code is ReasonCode => Object.hasOwn(reasons, code), 'unknown reason');

const identity = z.strictObject({
  bearer: z.string().optional(),
  apiKey: z.string().optional(),
  /** Without it, the key is a separate credential. */
  apiSecret: z.string().optional(),
  roles: z.array(z.string()).default([]),
  groups: z.array(z.string()).default([]),
  alias: z.string().optional(),
  /** Seconds since its sign-in; if unset, the time is unknown. */
  signedInAgoS: z.number().optional(),
  /** The Auth API's result: the identity, a rejection, an invalid response (500), or 429 with `Retry-After: 7`. */
  verdict: z.enum(['accepted', 'rejected', 'unavailable', 'throttled']).default('accepted'),
});

/** Header names to values; null: absent. */
const headers = z.record(z.string(), z.string().nullable());

const expectation = z.strictObject({
  outcome: z.enum(['allow', 'refuse', 'preflight', 'metadata']),
  reason: reason.optional(),
  /** The configured `reason` of the unmet condition. */
  condition: z.string().optional(),
  route: z.string().optional(),
  stage: z.enum(stages).optional(),
  status: z.number().int().optional(),
  /** Name of the identity, or null for an anonymous caller. */
  identity: z.string().nullable().optional(),
  /** Whether the Auth API is called. */
  asked: z.boolean().optional(),
  /** Where a browser is redirected to sign in, instead of the refusal. */
  location: z.string().optional(),
  /** Oldest verdict that the route accepts, as passed to the resolver. */
  maxVerdictAgeMs: z.union([z.number(), z.literal(Number.POSITIVE_INFINITY)]).optional(),
  /** What the upstream receives. `path` includes the query; several values of a header are joined by " | ". */
  upstream: z.strictObject({ path: z.string().optional(), headers: headers.optional() }).optional(),
  /** Response headers. */
  headers: headers.optional(),
  /** JSON of the response. */
  body: z.record(z.string(), z.unknown()).optional(),
  /** An entrypoint that parses bytes may refuse earlier than `decide`, which reads plain data. */
  proxyReason: reason.optional(),
  /** An external authorizer refuses what the calling proxy would not forward as decided. */
  checkReason: reason.optional(),
});

const goldenCase = z
  .strictObject({
    name: z.string(),
    /**
     * Request line, alone or followed by header lines. `HTTP/1.1` and `Host: api.example.test` are added if missing.
     */
    request: z.union([z.string(), z.array(z.string()).min(1)]),
    /** Name of the identity whose credential is sent. */
    as: z.string().optional(),
    /** If false, no Host is added. */
    host: z.boolean().default(true),
    expect: expectation,
  })
  .refine(
    ({ expect }) => (expect.outcome === 'refuse') === (expect.reason !== undefined),
    'a refusal needs a reason, and only a refusal has one',
  )
  .refine(
    ({ expect }) => (expect.reason === 'condition_failed') === (expect.condition !== undefined),
    'condition_failed needs a condition, and only it has one',
  )
  .refine(
    ({ expect }) => expect.outcome === 'allow' || expect.upstream === undefined,
    'only an allowed request has an upstream',
  );

const goldenFile = z.strictObject({
  about: z.string(),
  config: z.record(z.string(), z.unknown()),
  identities: z.record(z.string(), identity).default({}),
  cases: z.array(goldenCase).min(1),
});

export type GoldenIdentity = z.output<typeof identity>;
export type GoldenCase = z.output<typeof goldenCase>;
export type GoldenFile = z.output<typeof goldenFile> & { readonly file: string };

const folder = new URL('../fixtures/cases/', import.meta.url);

/** Every file, sorted by name. Throws with the file's name if one does not match the schema. */
export function readGoldenFiles(): GoldenFile[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => {
      const read = goldenFile.safeParse(parse(readFileSync(new URL(file, folder), 'utf8')));
      if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
      const names = read.data.cases.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) throw new Error(`${file}: two cases are named "${twice}"`);
      return { ...read.data, file };
    });
}

/** The configuration as text, with the addresses of this run. A route without an upstream gets the only one. */
export function configText(golden: GoldenFile, authApi: string, upstream: string): string {
  const { server, routes, ...rest } = golden.config as { server?: object; routes: readonly object[] };
  return stringify({
    version: 1,
    server: { listen: '127.0.0.1:0', admin: false, ...server },
    log: { level: 'silent' },
    // Some cases make it fail on purpose, which must not open the breaker for the others.
    authApi: { url: authApi, breaker: { failures: 10_000 } },
    // Every case looks up its credential again, so none depends on the previous one.
    cache: { accepted: '0s', rejected: '0s' },
    upstreams: { service: { targets: [upstream] } },
    ...rest,
    routes: routes.map((route) => ({ upstream: 'service', ...route })),
  });
}

/** The configuration for the middleware, without the settings that only the proxy supports. */
export function inProcessText(golden: GoldenFile, authApi: string): string {
  const config = parse(configText(golden, authApi, 'http://127.0.0.1:9')) as {
    server: object;
    defaults?: { readonly [key: string]: unknown };
    routes: readonly { readonly [key: string]: unknown }[];
  };
  const { server, routes, defaults, upstreams: _, ...rest } = config as typeof config & { upstreams: unknown };
  return stringify({
    ...rest,
    server: { ...server, listen: false },
    ...(defaults === undefined ? {} : { defaults: withoutRemoval(defaults) }),
    routes: routes.map((route) => withoutRemoval({ ...route, upstream: undefined })),
  });
}

function withoutRemoval(section: { readonly responseHeaders?: object; readonly [key: string]: unknown }): object {
  const { responseHeaders } = section;
  return responseHeaders === undefined
    ? section
    : { ...section, responseHeaders: { ...responseHeaders, remove: undefined } };
}

/** The lines to send, including credential and Host. */
export function linesOf(golden: GoldenFile, { request, as, host }: GoldenCase): string[] {
  const [line = '', ...given] = typeof request === 'string' ? [request] : request;
  const hosts = given.some((header) => /^host:/i.test(header));
  return [
    / HTTP\/1\.[01]$/.test(line) ? line : `${line} HTTP/1.1`,
    ...(host && !hosts ? ['Host: api.example.test'] : []),
    ...(as === undefined ? [] : credentialLines(golden, as)),
    ...given,
  ];
}

/** The lines as a strict parser reads them: names and values alternate, without spaces around a value. */
export function viewOf(lines: readonly string[]): RequestView {
  const [line = '', ...rest] = lines;
  const end = line.lastIndexOf(' ');
  const rawHeaders = rest.flatMap((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon), header.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
  });
  const space = line.indexOf(' ');
  return {
    method: line.slice(0, space),
    target: line.slice(space + 1, end),
    rawHeaders,
    httpVersion: line.endsWith('1.0') ? '1.0' : '1.1',
  };
}

export function userIdOf(name: string): string {
  return `user-${name}`;
}

/** The resolver's result for a credential: that of a named identity, or a rejection. */
export function resolutionOf(golden: GoldenFile, credential: Credential): Resolution {
  const source = 'auth-api' as const;
  for (const [name, known] of Object.entries(golden.identities)) {
    if (!isOf(known, credential)) continue;
    if (known.verdict === 'unavailable')
      return { identity: null, reason: 'auth_unavailable', retryAfterS: null, source };
    if (known.verdict === 'throttled') return { identity: null, reason: 'auth_throttled', retryAfterS: 7, source };
    if (known.verdict === 'accepted') {
      return { identity: identityOf(name, known, credential.kind), reason: null, stale: false, source };
    }
  }
  return { identity: null, reason: 'credential_rejected', retryAfterS: null, source };
}

function isOf({ bearer, apiKey, apiSecret }: GoldenIdentity, credential: Credential): boolean {
  switch (credential.kind) {
    case 'bearer':
      return bearer === credential.token;
    case 'keyPair':
      return apiKey === credential.apiKey && apiSecret === credential.apiSecret;
    case 'apiKey':
      return apiKey === credential.key && apiSecret === undefined;
    case 'session':
    case 'certificate':
      return false;
  }
}

function identityOf(name: string, known: GoldenIdentity, kind: Credential['kind']): Identity {
  return {
    kind,
    userId: userIdOf(name),
    roles: known.roles,
    groups: known.groups,
    alias: known.alias ?? name,
    fullName: name,
    sessionId: kind === 'bearer' ? `session-${name}` : null,
    keyId: kind === 'bearer' ? null : `key-${name}`,
    tokenId: null,
    issuedAtMs: null,
    authenticatedAtMs: known.signedInAgoS === undefined ? null : Date.now() - known.signedInAgoS * 1000,
    claims: {},
    source: 'authApi',
    acceptedBy: 'authApi',
    expireAtMs: Number.POSITIVE_INFINITY,
  };
}

function credentialLines(golden: GoldenFile, name: string): string[] {
  const known = golden.identities[name];
  if (known === undefined) throw new Error(`${golden.file}: no identity is named "${name}"`);
  if (known.bearer !== undefined) return [`Authorization: Bearer ${known.bearer}`];
  if (known.apiSecret === undefined) return [`x-api-key: ${known.apiKey}`];
  return [`api-key: ${known.apiKey}`, `api-secret: ${known.apiSecret}`];
}
