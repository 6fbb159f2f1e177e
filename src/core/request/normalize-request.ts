/**
 * First stage: one reading of method, host and target. No general URL parser is used for the target: such parsers read
 * `//admin/x` as a host, and what is forwarded would differ from what was checked. Two readings are a refusal.
 */

import type { ReasonCode } from '../outcome/reasons.ts';
import { canonicalHost } from '../url/canonical-host.ts';
import { canonicalPath } from '../url/canonical-path.ts';
import { isSupportedMethod } from './methods.ts';
import type { ViaRule } from './read-head.ts';
import { readHead } from './read-head.ts';
import type { CanonicalRequest, RequestView } from './request-view.ts';

/** Characters that a query never holds raw (RFC 3986 section 3.4); bytes beyond ASCII pass as they are. */
const notInQuery = /[^\x21-\x22\x24-\x7e\x80-\xff]/;

/**
 * Reasons: `method_unsupported`, `host_invalid`, `transfer_coding_unsupported`, `header_invalid`, `loop_detected`,
 * `too_early`, `target_invalid`, `path_ambiguous`. Without `via` no loop is looked for.
 */
export function normalizeRequest(view: RequestView, via: ViaRule | null = null): CanonicalRequest | ReasonCode {
  const { method } = view;
  if (!isSupportedMethod(method)) return 'method_unsupported';

  const addressed = readAddress(view, via);
  if (typeof addressed === 'string') return addressed;
  const { authority, host } = addressed;

  let target = view.target;
  if (target.charCodeAt(0) !== 0x2f) {
    const origin = fromAbsoluteForm(target, authority);
    if (typeof origin === 'object') return origin.reason;
    target = origin;
  }

  const mark = target.indexOf('?');
  const read = canonicalPath(mark < 0 ? target : target.slice(0, mark));
  if (typeof read === 'string') return read;
  const query = mark < 0 ? '' : target.slice(mark);
  if (query !== '' && notInQuery.test(query)) return 'target_invalid';
  return { method, host, authority, path: read.path, unmerged: read.unmerged, query, ambiguities: read.ambiguities };
}

/** The one authority of the request, and its canonical host. */
function readAddress(view: RequestView, via: ViaRule | null): { authority: string; host: string } | ReasonCode {
  const authority = readHead(view, via);
  if (typeof authority === 'object') return authority.reason;
  const host = authority === '' ? '' : canonicalHost(authority);
  if (host === null) return 'host_invalid';
  return { authority, host };
}

/** Origin form of an absolute-form target (RFC 9112 section 3.2.2), whose authority must be the Host's. */
function fromAbsoluteForm(target: string, authority: string): string | { reason: ReasonCode } {
  const scheme = /^https?:\/\//i.exec(target);
  if (scheme === null) return { reason: 'target_invalid' };
  const rest = target.slice(scheme[0].length);
  const end = rest.search(/[/?#]/);
  const named = end < 0 ? rest : rest.slice(0, end);
  if (canonicalHost(named) === null) return { reason: 'target_invalid' };
  if (named.toLowerCase() !== authority.toLowerCase()) return { reason: 'host_invalid' };
  const path = end < 0 ? '' : rest.slice(end);
  return path.charCodeAt(0) === 0x2f ? path : `/${path}`;
}
