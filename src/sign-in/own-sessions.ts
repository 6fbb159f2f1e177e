/** A person's own sessions: the list, and the end of one of them. A person sees and ends only their own. */
import { pageLook } from './page-look.ts';
import { type PageReply, type PageRequest, redirect, show } from './page-request.ts';
import { sessionsPage } from './pages/sessions-page.ts';
import { paths } from './paths.ts';
import { type CurrentSession, currentSession, type SignInParts, signInAddress } from './sign-in-parts.ts';

export async function listSessions(parts: SignInParts, request: PageRequest): Promise<PageReply> {
  const current = await currentSession(parts, request);
  if (current === null) return signInFirst(parts);
  const { issuer, subject } = current.session;
  const rows = (await parts.sessions.listOf(issuer, subject)).map(({ handle, session }) => ({
    device: session.device,
    address: session.address,
    openedAtMs: session.openedAtMs,
    usedAtMs: session.usedAtMs,
    isThisOne: isSame(session, current.session),
    endAction: `${paths.sessions}?end=${encodeURIComponent(handle)}`,
  }));
  return show(
    sessionsPage(pageLook(request), { name: nameOf(current), rows, endAllAction: `${paths.signOut}?everywhere=1` }),
  );
}

/** The request comes from a page of the own origin. */
export async function endSession(parts: SignInParts, request: PageRequest): Promise<PageReply> {
  const current = await currentSession(parts, request);
  if (current === null) return signInFirst(parts);
  const { issuer, subject } = current.session;
  const handle = request.query.get('end');
  if (handle !== null) await parts.sessions.endByHandle(issuer, subject, handle);
  return redirect(paths.sessions);
}

function signInFirst(parts: SignInParts): PageReply {
  return redirect(signInAddress(parts, paths.sessions));
}

/** The list has no ids. */
function isSame(a: CurrentSession['session'], b: CurrentSession['session']): boolean {
  return a.openedAtMs === b.openedAtMs && a.device === b.device && a.tokens.id === b.tokens.id;
}

function nameOf({ session: { claims, subject } }: CurrentSession): string {
  const named = [claims['preferred_username'], claims['email'], claims['name']].find((one) => typeof one === 'string');
  return named ?? subject;
}
