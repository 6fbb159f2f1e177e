/**
 * Signing out: this session or all of a person, and then the session of the provider (OpenID Connect RP-Initiated Logout 1.0). A link
 * changes nothing: it shows a page that asks. Only a form of the own origin ends a session.
 */
import { setCookie } from './cookies.ts';
import { pageLook } from './page-look.ts';
import { type PageReply, type PageRequest, redirect, show } from './page-request.ts';
import { signOutPage } from './pages/message-pages.ts';
import { paths } from './paths.ts';
import { currentSession, type SignInParts } from './sign-in-parts.ts';

export async function askToSignOut(parts: SignInParts, request: PageRequest): Promise<PageReply> {
  const current = await currentSession(parts, request);
  return show(signOutPage(pageLook(request), paths.signOut, current !== null));
}

/** The request comes from a page of the own origin. */
export async function signOut(parts: SignInParts, request: PageRequest): Promise<PageReply> {
  const { sessions, providers, cookies, origin } = parts;
  const current = await currentSession(parts, request);
  const removed = setCookie(cookies.cookie, null);
  if (current === null) return redirect(paths.signedOut, removed);
  const { issuer, subject, provider, tokens } = current.session;
  if (request.query.has('everywhere')) {
    for (const { handle } of await sessions.listOf(issuer, subject))
      await sessions.endByHandle(issuer, subject, handle);
  }
  await sessions.end(current.id);
  const end = await providers.get(provider)?.endSessionUrl(tokens.id, origin + paths.signedOut);
  return redirect(end?.href ?? paths.signedOut, removed);
}

export function signedOut(request: PageRequest): PageReply {
  return show(signOutPage(pageLook(request), paths.signOut, false));
}
