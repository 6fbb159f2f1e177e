/**
 * The identity that a source would derive from claims: those of a token, or the JSON of its response. For tests and explanations, which
 * have no credential: nothing is verified, and no token has expired.
 */
import type { CredentialKind } from '../core/credential/credential.ts';
import { checks } from '../core/identity/authentication.ts';
import type { Identity } from '../core/identity/identity.ts';
import { readIdentity, type SourceFields } from '../core/identity/read-fields.ts';
import { compileAuthApiFields } from './compile-fields.ts';
import { compileSources, hasAccounts, namingOf } from './compile-sources.ts';
import { nameHint } from './nearest-name.ts';
import type { ConfigFile } from './schema.ts';
import type { AuthApiSourceConfig, SourceConfig, SourceFiles } from './source-config.ts';

export interface Claimed {
  readonly claims: unknown;
  /** Name of the source; if unset: the only one. */
  readonly source: string | undefined;
  readonly kind: CredentialKind;
}

/** The sources of claims: `authApi` and the others. */
export interface ClaimedSources {
  readonly authApi: Pick<AuthApiSourceConfig, 'fields' | 'users'> | null;
  readonly sources: readonly SourceConfig[];
  /** `accounts` null: `authApi` opens no sessions of browsers. */
  readonly signIn: { readonly accounts: object | null } | null;
}

/** For a file without problems in its sources. */
export function claimedSources(file: ConfigFile, files: SourceFiles, formOf: (role: string) => string): ClaimedSources {
  const { authApi, identity } = file;
  const { claims } = identity;
  const users = namingOf(file, formOf).get('authApi');
  const own =
    authApi === undefined || users === undefined
      ? null
      : { users, fields: compileAuthApiFields(authApi.fields, claims, authApi.assumeVerifiedEmail).fields };
  const signIn = { accounts: hasAccounts(file) ? {} : null };
  return { authApi: own, sources: compileSources(file, files, formOf), signIn };
}

/** Why there is no identity. */
export interface NotClaimed {
  /** Which of the three is wrong. */
  readonly of: 'claims' | 'source' | 'kind';
  readonly problem: string;
  readonly hint: string | null;
}

/** `onUnreadable` is called for a declared claim of another type, which meets no condition. */
export function claimedIdentity(
  { claims, source, kind }: Claimed,
  sources: ClaimedSources,
  onUnreadable: (claim: string, detail: string) => void = () => {},
): Identity | NotClaimed {
  const all = listed(sources);
  if (source === undefined && all.length > 1) {
    const hint = nameHint('', namesOf(all));
    return { of: 'source', problem: 'no setting specifies which source has these claims', hint };
  }
  const match = sourceFor(kind, source ?? all[0]?.name, sources);
  if ('problem' in match) return match;
  const read = readIdentity(claims, {
    source: match.name,
    users: match.users,
    settings: match.name === 'authApi' ? 'authApi' : `sources.${match.name}`,
    fields: { ...fieldsOf(match, kind), expireAt: null },
    kind,
    fractions: match.kind !== 'authApi',
    events: { claimUnreadable: (_source, claim, detail) => onUnreadable(claim, detail) },
  });
  return 'identity' in read ? read.identity : { of: 'claims', problem: read.failure.detail, hint: null };
}

/** The source of an identity with this kind of credential; `name` undefined: the first that accepts it. */
export function sourceFor(
  kind: CredentialKind,
  name: string | undefined,
  sources: ClaimedSources,
): ListedSource | NotClaimed {
  const all = listed(sources);
  const opensNone = (one: ListedSource) =>
    kind === 'session' && one.kind === 'authApi' && sources.signIn?.accounts == null;
  const taking = all.filter((one) => checks(one.kind, kind) && !opensNone(one));
  const match = name === undefined ? (taking[0] ?? all[0]) : all.find((one) => one.name === name);
  if (match === undefined) {
    return { of: 'source', problem: 'there is no such source', hint: nameHint(name ?? '', namesOf(all)) };
  }
  if (name === undefined || taking.includes(match)) return match;
  const problem = `a source of kind "${match.kind}" does not accept this kind of credential`;
  return { of: 'kind', problem, hint: null };
}

export type ListedSource = ReturnType<typeof listed>[number];

function listed({ authApi, sources }: ClaimedSources) {
  return [...(authApi === null ? [] : [{ ...authApi, name: 'authApi', kind: 'authApi' as const }]), ...sources];
}

const namesOf = (all: readonly ListedSource[]) => all.map(({ name }) => name);

export function fieldsOf(
  source: Pick<AuthApiSourceConfig, 'fields'> | Pick<Exclude<SourceConfig, { kind: 'authApi' }>, 'fields'>,
  kind: CredentialKind,
): SourceFields {
  const { fields } = source;
  if (!('session' in fields)) return fields;
  return kind === 'bearer' || kind === 'session' ? fields.session : fields.keyPair;
}
