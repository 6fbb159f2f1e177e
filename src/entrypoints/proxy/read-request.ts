/** Reads a request into the plain data that `decide` takes. Nothing is parsed, copied or trusted here. */
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import type { RequestView } from '../../core/request/request-view.ts';
import type { ClientRequest } from '../../upstream/client-side.ts';

/** `address` is null when nobody knows for certain who the client is. */
export function readRequest(req: ClientRequest, client: string, address: string | null): RequestView {
  return {
    method: req.method!,
    target: req.url!,
    rawHeaders: req.rawHeaders,
    httpVersion: req.httpVersionMinor === 0 ? '1.0' : '1.1',
    client,
    address,
  };
}

/** Limits that Node does not check itself, or only together with others. Null: within them. */
export function beyondLimits(
  req: ClientRequest,
  limits: { readonly headers: number; readonly targetBytes: number },
): ReasonCode | null {
  // The parser also lets "HTTP/2.0" and "HTTP/0.9" through.
  if (req.httpVersionMajor !== 1) return 'request_malformed';
  if (req.url!.length > limits.targetBytes) return 'target_too_long';
  return req.rawHeaders.length > limits.headers * 2 ? 'headers_too_large' : null;
}
