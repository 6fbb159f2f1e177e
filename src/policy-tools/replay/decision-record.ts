/**
 * A recorded decision, for trying other rules on it later: the caller, the request, and the result. It contains no credential, and
 * only those parts of the query and the headers that conditions read.
 */

import type { CredentialKind } from '../../core/credential/credential.ts';
import { extractCredential, readableKinds } from '../../core/credential/extract-credential.ts';
import type { Policy } from '../../core/decide.ts';
import type { Claims } from '../../core/identity/claims.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import { type Criterion, type Step, sourcesIn, type ValueSource } from '../../core/policy/conditions.ts';
import { partsOfQuery } from '../../core/policy/read-query.ts';
import { normalizeRequest } from '../../core/request/normalize-request.ts';
import { isPreflight } from '../../core/routing/preflight.ts';
import type { Route } from '../../core/routing/route.ts';
import { canonicalName, trimBlanks } from '../../core/syntax/header-fields.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { refusalOf } from '../shadow/compare-decisions.ts';
import type { Decided } from '../shadow/decide-alike.ts';

/** What the conditions of some rules read from a request. Names are in alphabetical order. */
export interface Reads {
  readonly query: readonly string[];
  readonly headers: readonly string[];
  readonly client: boolean;
  /** Claims of identities; absent: none. */
  readonly claims?: readonly string[];
  /** The time of sign-in; absent if not read. */
  readonly signIn?: true;
}

/** A record in memory, in Redis and in a file, as JSON. */
export interface RecordedRequest {
  /** The members of the log line. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly secure: boolean;
  /** Digest of the configuration that was in use. */
  readonly config: string;
  /** Null: nothing that rules could decide, or that may be kept. */
  readonly decided: DecisionRecord | null;
  /** What `decided` contains of the request. */
  readonly reads?: Reads;
  /** Lists and texts were cut to share the record; if unset: it is whole. */
  readonly shortened?: { readonly identity: DecisionRecord['identity'] };
}

export interface DecisionRecord {
  /** ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly host: string;
  /** As parsed; canonical. */
  readonly path: string;
  /** With its "?", and only what conditions read; absent: nothing. */
  readonly query?: string;
  /** Names and values in turn; absent: none. */
  readonly headers?: readonly string[];
  readonly client?: string | null;
  /** A trusted proxy sent the request; absent: the client itself did. */
  readonly trusted?: true;
  /** The kind of credential, or why it could not be parsed; null: none was sent. */
  readonly credential: CredentialKind | ReasonCode | null;
  /** `accepted`: it belongs to the identity. Null: no source was called. */
  readonly verdict: 'accepted' | ReasonCode | null;
  readonly identity: RecordedIdentity | null;
  readonly outcome: 'allow' | 'refuse';
  /** The reason, or the word of a condition; null: the request was allowed. */
  readonly reason: string | null;
  /** Id; null: no route. */
  readonly route: string | null;
}

export interface RecordedIdentity
  extends Pick<Identity, 'kind' | 'userId' | 'roles' | 'groups' | 'sessionId' | 'keyId'> {
  /** Name of the source that names the user. */
  readonly identitySource: string;
  /** Claims that conditions read; absent: none. */
  readonly claims?: Claims;
  /** Present if conditions read it and it is known. */
  readonly authenticatedAtMs?: number;
}

const maxText = 2048;

export function readsOf(routes: readonly Route[]): Reads {
  const query = new Set<string>();
  const headers = new Set<string>();
  const claims = new Set<string>();
  let client = false;
  let signIn = false;
  for (const { conditions } of routes) {
    for (const source of sourcesOf(conditions ?? [])) {
      if (source === 'client') client = true;
      else if (source === 'signIn') signIn = true;
      else if (source.from === 'query') query.add(source.name);
      else if (source.from === 'header') headers.add(source.name);
      else if (source.from === 'claim') claims.add(source.name);
    }
  }
  const read = claims.size === 0 ? {} : { claims: [...claims].sort() };
  return { query: [...query].sort(), headers: [...headers].sort(), client, ...read, ...(signIn ? { signIn } : {}) };
}

type Read = ValueSource | 'client' | 'signIn';

export function sourcesOf(criteria: readonly Criterion[]): readonly Read[] {
  return criteria.flatMap(({ steps }) => steps.flatMap(sourcesOfStep));
}

function sourcesOfStep(step: Step): readonly Read[] {
  switch (step.kind) {
    case 'signIn':
      return ['signIn'];
    case 'address':
      return ['client'];
    case 'compare':
      return sourcesIn(step);
    // The time is that of the record.
    case 'window':
    case 'stretch':
    case 'all':
    case 'any':
    case 'not':
      return [];
  }
}

/**
 * Null: rules cannot decide the request (it cannot be parsed, or is a preflight), or the record could contain a secret or be too
 * long.
 */
export function recordOf(
  { view, decision, credential, resolution }: Decided,
  { credentials }: Policy,
  reads: Reads,
  nowMs: number,
): DecisionRecord | null {
  // The request before the matched route applied its own reading of paths, because another route may not apply it.
  const request = normalizeRequest(view);
  if (typeof request === 'string' || decision.request === null) return null;
  if (
    decision.outcome === 'preflight' ||
    decision.outcome === 'metadata' ||
    isPreflight(request.method, view.rawHeaders)
  )
    return null;
  const path = request.unmerged ?? request.path;
  // Dot segments can produce two paths, and a single text can represent only one of them.
  const again = canonicalPath(path);
  if (typeof again === 'string' || again.path !== request.path) return null;
  // Path parameters can contain session ids.
  if (/;|%3B/.test(path) || path.length > maxText) return null;
  const query = partsOfQuery(request.query, reads.query);
  const headers = headersOf(view.rawHeaders, reads.headers);
  if (query.length > maxText || headers.reduce((sum, text) => sum + text.length, 0) > maxText) return null;
  const extraction =
    credential ??
    extractCredential(
      request,
      view.rawHeaders,
      credentials,
      readableKinds(decision.route?.credentials ?? null),
      view.certificate,
    );
  return {
    at: new Date(nowMs).toISOString(),
    method: request.method.slice(0, 64),
    host: request.host,
    path,
    ...(query === '' ? {} : { query }),
    ...(headers.length === 0 ? {} : { headers }),
    ...(view.trusted === true && headers.length > 0 ? { trusted: true } : {}),
    ...(reads.client ? { client: view.address ?? null } : {}),
    credential: extraction === null || typeof extraction === 'string' ? extraction : extraction.kind,
    verdict: resolution === null ? null : (resolution.reason ?? 'accepted'),
    identity: identityOf(resolution?.identity ?? null, reads),
    outcome: decision.outcome,
    reason: refusalOf(decision),
    route: decision.route?.id ?? null,
  };
}

/** Includes spellings that some services treat as the same header, and a `Connection` header that removes one. */
function headersOf(rawHeaders: readonly string[], names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const out: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = canonicalName(rawHeaders[i]!);
    const value = rawHeaders[i + 1]!;
    if (names.includes(name)) out.push(rawHeaders[i]!, value);
    else if (name === 'connection') {
      const taken = value.split(',').map((token) => canonicalName(trimBlanks(token)));
      out.push(...taken.filter((token) => names.includes(token)).flatMap((token) => ['connection', token]));
    }
  }
  return out;
}

function identityOf(identity: Identity | null, { claims: names = [], signIn }: Reads): RecordedIdentity | null {
  if (identity === null) return null;
  const { kind, source: identitySource, userId, roles, groups, sessionId, keyId, authenticatedAtMs } = identity;
  const claims = Object.fromEntries(Object.entries(identity.claims).filter(([name]) => names.includes(name)));
  const signedIn = signIn === undefined || authenticatedAtMs === null ? {} : { authenticatedAtMs };
  const recorded = { kind, userId, identitySource, roles, groups, sessionId, keyId };
  return { ...recorded, ...(names.length === 0 ? {} : { claims }), ...signedIn };
}
