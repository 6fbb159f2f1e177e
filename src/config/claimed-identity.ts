/**
 * The identity that a source would derive from claims: those of a token, or the JSON of its response. For tests and explanations, which
 * have no credential: nothing is verified, and no token has expired.
 */
import type { CredentialKind } from '../core/credential/credential.ts';
import type { Identity } from '../core/identity/identity.ts';
import { readIdentity, type SourceFields } from '../core/identity/read-fields.ts';
import { type CredentialKey, compileAuthApiFields, compileSources, takes } from './compile-sources.ts';
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
  readonly authApi: Pick<AuthApiSourceConfig, 'fields'> | null;
  readonly sources: readonly SourceConfig[];
}

/** For a file without problems in its sources. */
export function claimedSources({ authApi, sources, identity }: ConfigFile, files: SourceFiles): ClaimedSources {
  const own = authApi === undefined ? null : compileAuthApiFields(authApi.fields, identity.claims);
  return { authApi: own, sources: compileSources(sources, identity.claims, files) };
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
  const { authApi } = sources;
  const all = [
    ...(authApi === null ? [] : [{ name: 'authApi', kind: 'authApi' as const, ...authApi }]),
    ...sources.sources,
  ];
  const names = all.map(({ name }) => name);
  const [only, ...others] = names;
  const name = source ?? (others.length === 0 ? only : undefined);
  const found = all.find((one) => one.name === name);
  if (found === undefined) {
    const problem =
      name === undefined ? 'no setting specifies which source has these claims' : 'there is no such source';
    return { of: 'source', problem, hint: nameHint(name ?? '', names) };
  }
  const taken = found.kind === 'jwt' ? kind === 'bearer' : takes(found.kind, credentialKeys[kind]);
  if (!taken)
    return {
      of: 'kind',
      problem: `a source of kind "${found.kind}" does not accept this kind of credential`,
      hint: null,
    };
  const read = readIdentity(claims, {
    source: found.name,
    settings: found.name === 'authApi' ? 'authApi' : `sources.${found.name}`,
    fields: { ...fieldsOf(found, kind), expireAt: null },
    kind,
    fractions: found.kind !== 'authApi',
    events: { claimUnreadable: (_source, claim, detail) => onUnreadable(claim, detail) },
  });
  return 'identity' in read ? read.identity : { of: 'claims', problem: read.failure.detail, hint: null };
}

const credentialKeys: Readonly<Record<CredentialKind, CredentialKey>> = {
  bearer: 'bearer',
  key_pair: 'keyPair',
  api_key: 'apiKey',
};

function fieldsOf(
  source: Pick<AuthApiSourceConfig, 'fields'> | Pick<Exclude<SourceConfig, { kind: 'authApi' }>, 'fields'>,
  kind: CredentialKind,
): SourceFields {
  const { fields } = source;
  if (!('session' in fields)) return fields;
  return kind === 'bearer' ? fields.session : fields.keypair;
}
