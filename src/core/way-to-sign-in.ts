/** What a refusal for want of a good credential, or of a recent sign-in, says of the way to one. */

import { challengesFor } from './credential/challenges.ts';
import { isFromScript, signInLocation, signInUrl } from './credential/sign-in.ts';
import type { Decision } from './decision.ts';
import type { ReasonCode } from './outcome/reasons.ts';
import { stepUpFor } from './policy/step-up.ts';

export interface WayToSignIn {
  /** Values of `WWW-Authenticate`. */
  readonly challenges: readonly string[];
  /** Where the client is sent; null: nowhere. */
  readonly location: string | null;
}

const none: WayToSignIn = { challenges: [], location: null };

/** `decision`: of the request that is refused for the reason; null: it was not decided. */
export function wayToSignIn(
  reason: ReasonCode,
  decision: Pick<Decision, 'route' | 'request'> | null,
  rawHeaders: readonly string[],
  proto: 'http' | 'https',
): WayToSignIn {
  const { route, request } = decision ?? { route: null, request: null };
  if (route === null || request === null) return none;
  const stepUp = stepUpFor(reason, route.conditions, request.method);
  return {
    challenges: challengesFor(reason, route.challenges, request, {
      fromScript: isFromScript(rawHeaders),
      stepUp,
      signInUrl: route.signIn?.origins == null ? null : signInUrl(route.signIn, request.authority),
    }),
    location: signInLocation(route.signIn, reason, request, rawHeaders, proto, stepUp),
  };
}
