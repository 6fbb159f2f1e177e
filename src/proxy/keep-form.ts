/**
 * A form that a person sends after the session has ended: the refusal is a page that holds the form, so that it can be sent again after
 * signing in. Only a page of the same origin may have sent it, so that another site cannot offer a form in the name of this one (CSRF).
 */
import { isSameOrigin } from '../core/credential/same-origin.ts';
import { isNavigation } from '../core/credential/sign-in.ts';
import type { Refuse } from '../core/decision.ts';
import { reasons } from '../core/outcome/reasons.ts';
import { mediaType } from '../operations/read-request.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import type { RequestRuntime } from '../request-line/runtime.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { gatherBody } from './gathered-body.ts';

/** Longer forms are refused without being read. */
const maxFormBytes = 64 * 1024;
const bytesPerSecond = 5_000;

/** Null: it is no such form. Rejects for faults of the gateway. */
export function keepForm(
  context: RequestContext,
  refused: Refuse,
  { ownPages }: RequestRuntime,
  parts: ExchangeParts,
): Promise<void> | null {
  if (ownPages == null || !isForm(context, refused)) return null;
  return gatherBody(context, parts, { maxBytes: maxFormBytes, bytesPerSecond }).then((body) => {
    if (body === null || context.over || context.response.ended) return;
    if (!ownPages.showForm(context, refused, body)) context.fail(refused.reason, refused.cause);
  });
}

function isForm({ request, proto }: RequestContext, { reason, route, request: canonical }: Refuse): boolean {
  const { method, rawHeaders, bodyLength } = request;
  if (method !== 'POST' || canonical === null || route?.signIn?.origins == null || reasons[reason].status !== 401)
    return false;
  if (bodyLength < 0 || bodyLength > maxFormBytes || !isNavigation(rawHeaders)) return false;
  return (
    mediaType(rawHeaders) === 'application/x-www-form-urlencoded' &&
    isSameOrigin(canonical, rawHeaders, proto === 'https')
  );
}
