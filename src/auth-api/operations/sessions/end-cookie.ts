/** The end of a session that came in a cookie: the cookie goes with it. */
import type { SessionCaller } from '../../credentials/credential-rule.ts';
import { endedCookie } from '../../credentials/session-cookie.ts';
import type { Rules } from '../../services.ts';
import { WithCookie } from '../operation.ts';

export function endCookie<Answer extends object>(
  answer: Answer,
  caller: Pick<SessionCaller, 'cookieBearer'>,
  { webSession }: Pick<Rules, 'webSession'>,
): Answer | WithCookie<Answer> {
  return caller.cookieBearer === null || webSession === null
    ? answer
    : new WithCookie(answer, endedCookie(webSession.cookie));
}
