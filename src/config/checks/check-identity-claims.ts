/** Claims of identities (`identity.claims`): their declarations, and that sources and identity headers use no others. */
import type { ClaimTable, ClaimType } from '../../core/identity/claims.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import type { Location } from './location.ts';

/** Null if the section is unreadable, so that no claim counts as undeclared. */
export function claimTable({ identity }: Parts<ConfigFile>): ClaimTable | null {
  const claims = identity?.claims;
  if (claims === undefined) return null;
  // A claim with a problem gets any type.
  return new Map(Object.entries(claims).map(([name, claim]): [string, ClaimType] => [name, claim?.type ?? 'string']));
}

/** `at`: of the file. */
export function checkClaimNames(parts: Parts<ConfigFile>, at: Location): void {
  const declared = claimTable(parts);
  if (declared === null) return;
  const sources = (at.at('sources').keys ?? []).map((name) => at.at('sources', name));
  for (const source of [at.at('authApi'), ...sources]) {
    const claims = source.at('fields', 'claims');
    for (const name of claims.keys ?? []) {
      if (!declared.has(name)) reportUndeclaredClaim(name, claims.at(name), declared, true);
    }
  }
  for (const [header, field] of Object.entries(parts.identityHeaders ?? {})) {
    const name = field?.startsWith('claims.') ? field.slice('claims.'.length) : null;
    if (name !== null && !declared.has(name)) reportUndeclaredClaim(name, at.at('identityHeaders', header), declared);
  }
}

export function reportUndeclaredClaim(name: string, at: Location, declared: ClaimTable, ofKey = false): void {
  const declaration = at.isOwn
    ? `declare it: "identity: { claims: { ${name}: { field: ${name}, type: string } } }"`
    : null;
  const hint = at.didYouMean(name, declared.keys()) ?? declaration;
  const message = `the claim ${ofKey ? `"${name}"` : at.quote(name)} is not declared under "identity.claims"`;
  if (ofKey) at.reportKey(message, hint);
  else at.report(message, hint);
}
