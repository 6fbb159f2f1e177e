/** Claims of identities (`identity.claims`): their declarations, and that sources and identity headers use no others. */
import type { ClaimTable } from '../../core/identity/claims.ts';
import type { ConfigFile } from '../schema.ts';
import type { Location } from './location.ts';

export function claimTable({ identity }: ConfigFile): ClaimTable {
  return new Map(Object.entries(identity.claims).map(([name, { type }]) => [name, type]));
}

/** `at`: of the file. */
export function checkClaimNames(file: ConfigFile, at: Location): void {
  const declared = claimTable(file);
  const sources = Object.keys(file.sources).map((name) => at.at('sources', name));
  for (const source of [at.at('authApi'), ...sources]) {
    const claims = source.at('fields', 'claims');
    for (const name of claims.keys ?? []) {
      if (!declared.has(name)) reportUndeclaredClaim(name, claims.at(name), declared, true);
    }
  }
  for (const [header, field] of Object.entries(file.identityHeaders)) {
    const name = field.startsWith('claims.') ? field.slice('claims.'.length) : null;
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
