/** Requests, each with an identity, that meet the clauses of a way and fail others, the likeliest first. */
import type { CredentialKind } from '../core/credential/credential.ts';
import type { Authentication } from '../core/identity/authentication.ts';
import type { Identity } from '../core/identity/identity.ts';
import { canHave } from './authentications.ts';
import { alwaysHeld, byAllowList, choicesOf, type Mark, marksOf, type RoleSets } from './callers.ts';
import { Values } from './example.ts';
import { sampleIdentity } from './samples/sample-identity.ts';
import { fits, largestFor, Search, toBeMet, type Way } from './search.ts';
import { type Assignment, assignments, Budget } from './solve.ts';
import type { Caller } from './verdicts.ts';

/** A request, and the identity behind its credential. */
export interface Example {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly client: string | null;
  /** A trusted proxy sends the request. */
  readonly trusted: boolean;
  /** Milliseconds; null: unknown. */
  readonly time: number | null;
  /** Name of the identity; null: no credential. */
  readonly as: string | null;
  readonly identity: Identity | null;
}

/** Who can be the caller of an example. */
export interface ExampleCallers {
  readonly authentications: readonly Authentication[];
  /** By name; preferred to new ones. */
  readonly identities: ReadonlyMap<string, Identity>;
  /** A name for a new one, which also becomes its user id. */
  readonly nameOf: (identity: Identity) => string;
}

/** Where an example leads. */
export interface Destination {
  readonly method: string;
  readonly host: string;
  /** Of which its segments are kept where they do not matter. */
  readonly path: string;
  readonly headers?: readonly string[];
  /** Kinds of credentials, the preferred ones first. */
  readonly kinds: readonly CredentialKind[];
}

/** Ways for one kind of caller, and the sets of roles that their bits represent. */
export interface WaysOfCaller {
  readonly kind: Exclude<Caller['kind'], 'unresolved'>;
  readonly ways: Iterable<Way>;
  readonly roles: readonly [RoleSets, RoleSets];
}

/** Maximum search steps for one way. */
const maxSteps = 10_000;
/** Maximum examples for one way and one caller. */
const maxExamples = 20;
const maxIdentities = 50;

export function* examplesOf(
  { kind, ways, roles: [own, other] }: WaysOfCaller,
  destination: Destination,
  { authentications, identities, nameOf }: ExampleCallers,
): Generator<Example> {
  const isKnown = kind === 'known';
  const accepted = authentications.filter((by) => !isKnown || destination.kinds.includes(by.kind));
  const known = isKnown ? knownCallers(identities, destination.kinds) : [];
  const marks = isKnown ? marksOf(own, other, accepted) : [];
  const always = isKnown ? alwaysHeld(own, other, accepted) : [0n];
  for (const way of ways) {
    for (const { as, identity, by } of known) {
      const [bits] = alwaysHeld(own, other, [by]);
      if (!fits(way, bits!)) continue;
      for (const assignment of assigned(way, bits!, [by]).take(3)) {
        const values = new Values(destination.path);
        if (values.identify(identity) && values.assign(assignment))
          yield* requestsWith(values, destination, as, () => identity);
      }
    }
    const search = new Search([way], { authentications: accepted, budget: new Budget(maxSteps) }, always);
    // Without the marks that do most, if others are enough.
    const largest = [...largestFor(way, marks)].sort((a, b) => (a.bits < b.bits ? 1 : -1));
    const lesser = search.lessened(largest);
    if (!search.isPossible(lesser)) continue;
    const bits = lesser.reduce((all, mark) => all | mark.bits, 0n);
    for (const assignment of assigned(way, bits, accepted).take(maxExamples)) {
      if (!isKnown) {
        const values = new Values(destination.path);
        if (values.assign(assignment)) yield* requestsWith(values, destination, null, () => null);
      } else yield* examplesBy(lesser, assignment, destination, nameOf);
    }
  }
}

function assigned(way: Way, bits: bigint, authentications: readonly Authentication[]): Generator<Assignment> {
  return assignments(toBeMet(way, bits), way.unmet, { authentications, budget: new Budget(maxSteps) });
}

/** New identities. The same marks may mean less for the callers of another source. */
function* examplesBy(
  marks: readonly Mark[],
  assignment: Assignment,
  destination: Destination,
  nameOf: ExampleCallers['nameOf'],
): Generator<Example> {
  for (const by of byAllowList(assignment.by)) {
    for (const holders of choicesOf(marks)) {
      const valuesFor = (userId?: string) => {
        const values = new Values(destination.path, userId);
        return values.hold(holders) && values.assign({ ...assignment, by }) ? values : null;
      };
      const identityIn = (values: Values, path: string) => {
        const identity = values.identity(path, destination.kinds);
        return identity === null ? null : withSession(identity, by);
      };
      const draft = valuesFor();
      const identity = draft === null ? null : identityIn(draft, draft.path());
      const as = identity === null ? null : nameOf(identity);
      const values = as === null ? null : valuesFor(as);
      if (values === null || as === null) continue;
      yield* requestsWith(values, destination, as, (path) => {
        const own = identityIn(values, path);
        return own === null ? null : withKey(own, by, as);
      });
    }
  }
}

/** The segments of the path may be the only ones that lead there. */
function* requestsWith(
  values: Values,
  { method, host, path, headers = [] }: Destination,
  as: string | null,
  identityOn: (path: string) => Identity | null,
): Generator<Example> {
  for (const own of new Set([values.path(), path])) {
    const identity = identityOn(own);
    if (as !== null && identity === null) continue;
    const { client, trusted = false, time = null } = values.circumstances();
    const target = own + values.query();
    yield { method, host, target, headers: [...headers, ...values.headers()], client, trusted, time, as, identity };
  }
}

/** Sessions and keys have an id, if sources give them one. */
function withSession(identity: Identity, by: readonly Authentication[]): Identity {
  const { sessionId } = sampleIdentity;
  const isGiven = by.some(
    (one) => isOf(one, identity) && canHave(one, { from: 'identity', field: 'sessionId' }, sessionId),
  );
  return identity.sessionId === null && identity.kind === 'bearer' && isGiven ? { ...identity, sessionId } : identity;
}

function withKey(identity: Identity, by: readonly Authentication[], name: string): Identity {
  const keyId = `key-${name}`;
  const isGiven = by.some((one) => isOf(one, identity) && canHave(one, { from: 'identity', field: 'keyId' }, keyId));
  return identity.keyId === null && identity.kind !== 'bearer' && isGiven ? { ...identity, keyId } : identity;
}

function isOf({ kind, acceptedBy }: Authentication, identity: Identity): boolean {
  return kind === identity.kind && acceptedBy === identity.acceptedBy;
}

interface KnownCaller {
  readonly as: string;
  readonly identity: Identity;
  readonly by: Authentication;
}

function knownCallers(
  identities: ReadonlyMap<string, Identity>,
  kinds: readonly CredentialKind[],
): readonly KnownCaller[] {
  return [...identities]
    .filter(([, { kind }]) => kinds.includes(kind))
    .slice(0, maxIdentities)
    .map(([as, identity]) => ({ as, identity, by: authenticationAs(identity) }));
}

/** As if a source returned nothing else. */
export function authenticationAs(identity: Identity): Authentication {
  const { kind, acceptedBy, source, userId, roles, groups, sessionId, keyId, claims, authenticatedAtMs } = identity;
  const only = (value: string | null) => (value === null ? null : { value });
  return {
    kind,
    acceptedBy,
    users: { source, prefix: '', foreignPrefixes: [], roles: null },
    fields: {
      assumeVerifiedEmail: false,
      userId: { value: userId },
      roles: { value: roles },
      groups: { value: groups },
      expireAt: null,
      sessionId: only(sessionId),
      keyId: only(keyId),
      tokenId: null,
      issuedAt: null,
      authenticatedAt: only(authenticatedAtMs === null ? null : String(authenticatedAtMs)),
      alias: null,
      fullName: null,
      claims: Object.entries(claims).flatMap(([name, value]) => {
        return [{ name, type: 'string' as const, part: null, rule: { value: value as string } }];
      }),
    },
  };
}
