/**
 * The messages between the supervisor and a worker. A revocation is sent as it is stored: an id, or keyed names of a credential, never the
 * credential. Secrets are sent only to workers: in the source of a configuration and in the start message, because all need the same ones.
 */
import { z } from 'zod';
import type { ConfigSource } from '../../config/config-files.ts';
import type { SourceFailure } from '../../core/identity/identity.ts';
import { maxLookups } from '../../identity/revocation/revocation-message.ts';

const text = z.string();
const port = z.int().min(0).max(65_535);
const address = z.strictObject({ host: text, port, fd: z.int().min(3).exactOptional() });
const moment = z.number();
const named = z.array(z.tuple([text, moment]).readonly()).readonly();

const bySource = z.strictObject({ names: named, lost: named });

const refusal = z.strictObject({ message: text, hint: text.nullable() });

const includedTexts = z.union([z.array(z.strictObject({ file: text, text })), refusal]);

const foundList = z.union([z.strictObject({ file: text, text }), refusal]);

const source: z.ZodType<ConfigSource> = z.strictObject({
  file: text,
  text,
  included: z.array(z.strictObject({ pattern: text, texts: includedTexts })),
  secrets: z.array(z.strictObject({ path: text, text: text.nullable() })),
  lists: z.array(z.strictObject({ name: text, own: z.boolean(), found: foundList })),
});

const id = z.string().regex(/^[\x21-\x7e]{1,256}$/);

/** An issuer may be longer than an id. */
const revokedSource = z.string().regex(/^[\x21-\x7e]{1,512}$/);
const revokedId = { id, source: revokedSource.exactOptional(), anyCase: z.literal(true).exactOptional() };

export const revocation = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['session', 'keyPair', 'token']), ...revokedId }),
  z.strictObject({ kind: z.literal('user'), ...revokedId, issuedBeforeMs: moment.exactOptional() }),
  z.strictObject({
    kind: z.literal('credential'),
    lookups: z
      .array(z.string().regex(/^[\w-]{43}$/))
      .max(maxLookups)
      .readonly(),
  }),
  z.strictObject({ kind: z.literal('all'), of: z.literal('called').exactOptional() }),
]);

const tombstones = z.strictObject({
  allMs: moment.nullable(),
  issuedMs: moment.nullable(),
  namedMs: moment.nullable(),
  ids: z.strictObject({ session: bySource, keyPair: bySource, user: bySource, token: bySource }),
  issued: bySource,
  credentials: named,
});

/** Everything that a worker begins with; it responds once it listens, or cannot. */
const start = z.strictObject({
  do: z.literal('start'),
  /** From 1. */
  worker: z.int().min(1),
  workers: z.int().min(2),
  /** The gateway's initial configuration, for settings that need a restart. */
  first: source,
  /** What is in use now; null: the same. */
  source: source.nullable(),
  candidate: source.nullable(),
  /** Replaces an unset `cache.secret`: names of credentials must be the same everywhere. */
  cacheSecret: text,
  /** Address and shared secret of an embedded Auth API, or null. */
  authApi: z.strictObject({ urls: z.array(text).readonly(), gatewaySecret: text }).nullable(),
  /** Empty: it does not forward. */
  listen: z.array(address).readonly(),
  /** Addresses for checks of other proxies; null: disabled. */
  checks: z.strictObject({ http: address.nullable(), grpc: address.nullable() }),
  tombstones,
});
export type Start = z.infer<typeof start>;

const decisionFilter = z.strictObject({
  route: text.exactOptional(),
  reason: text.exactOptional(),
  user: text.exactOptional(),
  key: text.exactOptional(),
  client: text.exactOptional(),
  sinceMs: moment.exactOptional(),
  untilMs: moment.exactOptional(),
});

/** Recorded requests of a worker. */
export const keptDecisions = z.strictObject({
  kept: z.array(
    z.strictObject({
      atMs: moment,
      errorId: text.nullable(),
      requestId: text,
      route: text.nullable(),
      reason: text.nullable(),
      userId: text.nullable(),
      keyId: text.nullable(),
      client: text,
      text,
    }),
  ),
});

/** Requests of the supervisor. */
export const command = z.discriminatedUnion('do', [
  start,
  z.strictObject({ do: z.literal('use'), source }),
  z.strictObject({ do: z.literal('compare'), source }),
  z.strictObject({ do: z.literal('revoke'), revocation }),
  z.strictObject({ do: z.literal('ping') }),
  z.strictObject({ do: z.literal('metrics') }),
  z.strictObject({ do: z.literal('ready') }),
  z.strictObject({ do: z.literal('shadow') }),
  z.strictObject({ do: z.literal('find'), id: text }),
  z.strictObject({ do: z.literal('list'), filter: decisionFilter, most: z.int() }),
]);
export type Command = z.infer<typeof command>;

export const done = z.strictObject({});

export const started = z.union([
  z.strictObject({ listening: z.array(address).readonly() }),
  /** One line for the person at the terminal. */
  z.strictObject({ failed: text }),
]);

/** Null: it is in use. */
export const used = z.strictObject({ failed: text.nullable() });

const upOrNot = z.boolean().nullable();
const failure: z.ZodType<SourceFailure> = z.strictObject({
  source: text,
  url: text,
  kind: z.enum([
    'connection',
    'certificate',
    'timeout',
    'protocol',
    'status',
    'body',
    'field',
    'request',
    'breaker',
    'revocations',
  ]),
  detail: text,
});

export const ready = z.strictObject({
  configuration: z.boolean(),
  config: text.exactOptional(),
  sources: z.array(z.strictObject({ name: text, reachable: upOrNot, failures: z.array(failure) })),
  readyWithoutSources: z.boolean(),
  redis: upOrNot,
  revocations: upOrNot,
  mail: upOrNot,
  identityKeys: upOrNot,
  workers: z.null(),
  draining: z.boolean(),
});

/** The request of a worker: to announce a revocation to all others. */
export const announcement = z.strictObject({ do: z.literal('revoked'), revocation });
export const delivery = z.strictObject({ delivery: z.enum(['delivered', 'undelivered']) });

/** The notices of the supervisor. */
export const endNotice = z.strictObject({ do: z.enum(['announceEnd', 'drain']) });

/** The notice of a worker: a record for the file. */
export const recordNotice = z.strictObject({ do: z.literal('record'), text });
