/**
 * First stage: one reading of method, host and target. No general URL parser touches the target: such parsers read
 * `//admin/x` as a host, and forwarding would then differ from what was checked. Two readings are a refusal.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import { canonicalHost } from './canonical-host.ts';
import { canonicalPath } from './canonical-path.ts';
import type { CanonicalRequest, RequestView } from './request-view.ts';

/** Characters that a query never holds raw (RFC 3986 section 3.4); bytes beyond ASCII pass as they are. */
const notInQuery = /[^\x21-\x22\x24-\x7e\x80-\xff]/;

/** RFC 9110 section 5.6.2 token. */
const methodName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/;

/** In any case: a service may read methods without it. */
const neverForwarded = /^(?:trace|connect)$/i;

/** Asked first: most requests cost one look-up. */
const usual: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Reasons: `method_unsupported`, `host_invalid`, `transfer_coding_unsupported`, `header_invalid`, `target_invalid`, `path_ambiguous`. */
export function normalizeRequest(view: RequestView): CanonicalRequest | ReasonCode {
  const { method } = view;
  if (!usual.has(method) && (!methodName.test(method) || neverForwarded.test(method))) return 'method_unsupported';

  const authority = readHost(view);
  if (typeof authority === 'object') return authority.reason;
  const host = authority === '' ? '' : canonicalHost(authority);
  if (host === null) return 'host_invalid';

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
  return { method, host, authority, path: read.path, query, ambiguities: read.ambiguities };
}

/**
 * The one Host (RFC 9112 section 3.2), with a look at the framing: several Host or Transfer-Encoding headers are two
 * readings, and any coding but `chunked` is one that an upstream may not know.
 */
function readHost(view: RequestView): string | { reason: ReasonCode } {
  const { rawHeaders } = view;
  let host: string | null = null;
  let coding: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4) {
      if (name.toLowerCase() !== 'host') continue;
      if (host !== null) return { reason: 'host_invalid' };
      host = rawHeaders[i + 1]!;
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      if (coding !== null) return { reason: 'header_invalid' };
      coding = rawHeaders[i + 1]!;
    }
  }
  if (coding !== null && (view.httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')) {
    return { reason: 'transfer_coding_unsupported' };
  }
  if (host === null) return view.httpVersion === '1.0' ? '' : { reason: 'host_invalid' };
  return host === '' ? { reason: 'host_invalid' } : host;
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
