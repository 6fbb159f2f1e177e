/**
 * First stage: one reading of method, host and target. No general URL parser is used for the target: such parsers read `//admin/x` as a
 * host, so the forwarded target would differ from the checked one. Two readings are a refusal.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import { isNamed } from '../syntax/header-fields.ts';
import { canonicalHost } from '../url/canonical-host.ts';
import { canonicalPath } from '../url/canonical-path.ts';
import { escapeUtf8 } from '../url/escape-utf8.ts';
import type { CanonicalRequest, RequestView } from './request-view.ts';
import { countPasses, type ViaRule } from './via.ts';

/** RFC 9110 section 5.6.2 token of at most 32 characters. */
const methodName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/;
/**
 * Any method name except TRACE and TRACK, which would echo credentials, and CONNECT, which opens a tunnel. A service may ignore the case of
 * methods, but rules list only upper case, so a method in lower case would meet only the rule for all others.
 */
const supportedMethod = /^(?!(?:TRACE|TRACK|CONNECT)$)[!#$%&'*+\-.^_`|~0-9A-Z]{1,32}$/;

export function isMethodName(text: string): boolean {
  return methodName.test(text);
}

export function isSupportedMethod(method: string): boolean {
  return supportedMethod.test(method);
}

/** Methods that request no change (RFC 9110 section 9.2.1). */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Characters that a query never contains raw (RFC 3986 section 3.4). */
const notInQuery = /[^\x21-\x22\x24-\x7e]/;

/**
 * Reasons: `method_unsupported`, `host_invalid`, `transfer_coding_unsupported`, `header_invalid`, `loop_detected`, `too_early`,
 * `target_invalid`, `path_ambiguous`. Without `via`, loops are not detected.
 */
export function normalizeRequest(view: RequestView, via: ViaRule | null = null): CanonicalRequest | ReasonCode {
  const { method } = view;
  if (!isSupportedMethod(method)) return 'method_unsupported';

  const authority = readHead(view, via);
  if (typeof authority === 'object') return authority.reason;
  const host = authority === '' ? '' : canonicalHost(authority);
  if (host === null) return 'host_invalid';

  let target = escapeUtf8(view.target);
  if (target === null) return 'target_invalid';
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

/** Origin form of an absolute-form target (RFC 9112 section 3.2.2), whose authority must be the Host's. */
function fromAbsoluteForm(target: string, authority: string): string | { reason: ReasonCode } {
  const [, named, rest] = absoluteForm.exec(target) ?? [];
  if (named === undefined || rest === undefined || canonicalHost(named) === null) return { reason: 'target_invalid' };
  if (named.toLowerCase() !== authority.toLowerCase()) return { reason: 'host_invalid' };
  return rest.charCodeAt(0) === 0x2f ? rest : `/${rest}`;
}

const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/is;

/** RFC 9110 section 8.6, without the leading zeros that some read as octal. */
const length = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * Checks the headers about the request itself. The server has refused most framing errors. Anything that a service could read differently
 * is refused here, for every entrypoint: repeated Host, Content-Length or Transfer-Encoding headers have two readings (RFC 9112 section
 * 6.3), and so does a length with a coding. Returns the value of Host (section 3.2), empty if an HTTP/1.0 client sends none.
 */
function readHead(view: RequestView, via: ViaRule | null): string | { reason: ReasonCode } {
  const { rawHeaders } = view;
  let host: string | null = null;
  let coding: string | null = null;
  let framed = false;
  let passes = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    if (isNamed(name, 'host')) {
      if (host !== null) return { reason: 'host_invalid' };
      host = value;
    } else if (via !== null && isNamed(name, 'via')) {
      passes = countPasses(value, via, passes);
      if (passes < 0) return { reason: 'loop_detected' };
    } else if (isNamed(name, 'early-data')) {
      // Any value counts as 1 (RFC 8470 section 5.1).
      if (!safeMethods.has(view.method)) return { reason: 'too_early' };
    } else if (isNamed(name, 'content-length')) {
      if (framed || !length.test(value)) return { reason: 'header_invalid' };
      framed = true;
    } else if (isNamed(name, 'transfer-encoding')) {
      if (coding !== null) return { reason: 'header_invalid' };
      coding = value;
    }
  }
  if (coding !== null) {
    // RFC 9112 section 6.1: HTTP/1.0 has no codings. Section 7: their names are case-insensitive.
    if (view.httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')
      return { reason: 'transfer_coding_unsupported' };
    if (framed) return { reason: 'header_invalid' };
  }
  if (host === null) return view.httpVersion === '1.0' ? '' : { reason: 'host_invalid' };
  return host === '' ? { reason: 'host_invalid' } : host;
}
