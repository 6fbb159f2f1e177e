/**
 * Requests without TLS at an address that only redirects. Nothing is served there. The target of the redirect is the canonical reading of
 * the request, and its host one of our certificates, so that no client can be sent to a place of somebody else.
 */
import { refuse, type Trail } from '../core/decision.ts';
import { clientFacts } from '../core/forwarding/client-facts.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { normalizeRequest } from '../core/request/normalize-request.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { HttpsOnly } from './client.ts';
import type { RequestContext } from './request-context.ts';
import type { RequestRuntime } from './runtime.ts';

/** Null: the request may be served. Otherwise the context has the decision, and `location` if the client can go on there. */
export function requireHttps(
  context: RequestContext<WholeResponse>,
  view: RequestView,
  { rules }: RequestRuntime,
  trustedProxies: TrustedProxies,
): ReasonCode | null {
  const https = context.peer.listener?.httpsOnly ?? null;
  if (https === null) return null;
  // A trusted proxy in front may have ended TLS.
  const { proto } = clientFacts(context.peer, '', view.rawHeaders, trustedProxies, String, rules.forwardedHeaders);
  if (proto === 'https') return null;
  const request = normalizeRequest(view);
  const reason = typeof request === 'string' ? request : reasonFor(request.host, https);
  const trail: Trail = { ...untouched, request: typeof request === 'string' ? null : request };
  context.decision = refuse(trail, reason);
  if (trail.request !== null && reason === 'https_required' && (view.method === 'GET' || view.method === 'HEAD')) {
    const { host, path, query } = trail.request;
    context.location = `https://${host}${https.port === 443 ? '' : `:${https.port}`}${path}${query}`;
  }
  return reason;
}

const untouched: Trail = {
  stage: 'normalize',
  request: null,
  route: null,
  identity: null,
  source: 'none',
  resolution: null,
};

function reasonFor(host: string, https: HttpsOnly): ReasonCode {
  return https.covers(host) ? 'https_required' : 'misdirected_request';
}
