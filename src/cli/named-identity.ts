/** Identities that options name: by claims, by a certificate, or by a name of the tests. */
import { readFileSync } from 'node:fs';
import { claimedIdentity, type NotClaimed } from '../config/claimed-identity.ts';
import type { Config } from '../config/config.ts';
import { didYouMean } from '../config/nearest-name.ts';
import type { Identity } from '../core/identity/identity.ts';
import { factsOfCertificate } from '../identity/sources/certificate/certificate-facts.ts';
import { usageError } from './exit-code.ts';

/** `source`: by which the claims are read; unset: the only one. */
export function readClaimed(claims: string, source: string | undefined, config: Config): Identity {
  const read = claimedIdentity({ claims: parseClaims(claims), source, kind: 'bearer' }, config, (claim, detail) => {
    process.stderr.write(`note: the claim ${claim} meets no condition: ${detail}\n`);
  });
  if (!('problem' in read)) return read;
  throw sourceError(read);
}

/** The holder of the certificate in a file. */
export function holderOf(file: string, config: Config): Identity {
  const source = config.sourceRule.certificate ?? undefined;
  if (source === undefined) throw usageError('rolegate: there is no source of kind "certificate"');
  const read = claimedIdentity({ claims: readCertificate(file), source, kind: 'certificate' }, config);
  if ('problem' in read) throw usageError(`rolegate: --certificate: it is refused: ${read.problem}`);
  return read;
}

function readCertificate(file: string): object {
  try {
    return factsOfCertificate(readFileSync(file));
  } catch {
    throw usageError(`rolegate: cannot read a certificate in PEM form from ${file}`);
  }
}

export function testIdentity(name: string, { tests }: Config): Identity {
  const identity = tests.identities.get(name);
  if (identity !== undefined) return identity;
  const hint = didYouMean(name, tests.identities.keys()) ?? 'identities are under "tests.identities"';
  throw usageError(`rolegate: there is no identity "${name}": ${hint}`);
}

export function sourceError({ of, problem, hint }: NotClaimed): Error {
  const option = of === 'claims' ? 'claims' : 'source';
  return usageError(`rolegate: --${option}: ${problem}${hint === null ? '' : `; ${hint}`}`);
}

function parseClaims(text: string): object {
  try {
    const claims: unknown = JSON.parse(text);
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims;
  } catch {
    // It is not repeated: it may be a token.
  }
  throw usageError(`rolegate: expected --claims as a JSON object, such as '{"sub":"ann","roles":["user"]}'`);
}
