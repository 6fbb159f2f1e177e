/** The refusal of a form that was sent without a session: a page that holds it. Its values are those that this browser has just sent. */
import type { Refuse } from '../core/decision.ts';
import { stepUpFor } from '../core/policy/step-up.ts';
import { wayToSignIn } from '../core/way-to-sign-in.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import { pageLook } from './page-look.ts';
import { type PageReply, refuse } from './page-request.ts';
import type { Brand } from './pages/brand.ts';
import { formPage } from './pages/form-page.ts';
import { paths, withQuery } from './paths.ts';
import { stepUpParameters } from './step-up.ts';

/** More make a page slow. */
const maxFields = 1_000;

/** Null: a page cannot hold it unchanged, or its target is not of this origin. */
export function keptForm(
  { request: { method, target, rawHeaders }, proto }: RequestContext<WholeResponse>,
  refused: Refuse,
  body: Buffer,
  origin: string,
  brand: Brand | null,
): PageReply | null {
  const { route } = refused;
  const url = route?.signIn?.origins == null ? null : route.signIn.url;
  if (route === null || url === null || !target.startsWith('/') || new URL(target, origin).origin !== origin)
    return null;
  const fields = fieldsOf(body);
  if (fields === null) return null;
  const { challenges } = wayToSignIn(refused.reason, refused, rawHeaders, proto);
  // The person wants to sign in here, so the page that lets one of many tabs lead is left out.
  const demanded = stepUpParameters(stepUpFor(refused.reason, route.conditions, method));
  const signIn = withQuery(url, { go: '1', ...demanded, return_to: paths.signedIn });
  const check = withQuery(url, { check: '1', ...demanded });
  return refuse(
    refused.reason,
    (errorId) => formPage(pageLook({ brand, rawHeaders }), { action: target, fields, signIn, check, errorId }),
    refused.cause,
    challenges.flatMap((challenge) => ['www-authenticate', challenge]),
  );
}

/** Null: too many, or not of UTF-8, which the page would send instead. */
function fieldsOf(body: Buffer): readonly (readonly [string, string])[] | null {
  const fields = [...new URLSearchParams(body.toString('utf8'))];
  const isChanged = fields.some(([name, value]) => /[\0\ufffd]/.test(name + value));
  return isChanged || fields.length > maxFields ? null : fields;
}
