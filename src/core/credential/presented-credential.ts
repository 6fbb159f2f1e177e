/** The credential of a request, read once for all requests of a connection that have the same headers. */
import type { ReasonCode } from '../outcome/reasons.ts';
import type { CanonicalRequest, RequestView } from '../request/request-view.ts';
import type { Credential, CredentialSources } from './credential.ts';
import { extractCredential } from './extract-credential.ts';

/** As `extractCredential`, which says nothing that the headers, these sources, the method and the authority do not settle. */
export function presentedCredential(
  { method, authority }: CanonicalRequest,
  { rawHeaders, memory }: RequestView,
  sources: CredentialSources,
): Credential | null | ReasonCode {
  const known = memory?.presented ?? null;
  if (known !== null && known.sources === sources && known.method === method && known.authority === authority)
    return known.credential;
  const credential = extractCredential({ method, authority }, rawHeaders, sources);
  if (memory != null) memory.presented = { method, authority, sources, credential };
  return credential;
}
