/** Pages that tell a person what happened, each with a way on. */
import { type Html, html, type Page, renderPage } from './page.ts';
import type { PageTexts } from './texts/page-texts.ts';

/** What providers mean by their codes (RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section 3.1.2.6). */
const meanings: Readonly<Record<string, string>> = {
  access_denied: 'The sign-in was canceled, or your account may not use this application.',
  login_required: 'The provider wants you to sign in again.',
  interaction_required: 'The provider needs your input to continue.',
  consent_required: 'The provider needs your consent to continue.',
  unmet_authentication_requirements:
    'The page needs a stronger sign-in, such as one with a second factor, which the provider did not offer you.',
  account_selection_required: 'The provider needs you to choose an account.',
  temporarily_unavailable: 'The provider is busy at the moment.',
  server_error: 'The provider had an error of its own.',
  unauthorized_client:
    'The provider does not accept this application: its administrator has to register it for this kind of sign-in.',
  invalid_client: 'The provider does not accept the secret or key of this application.',
  invalid_scope: 'The provider does not know one of the scopes that this application requests.',
  invalid_request:
    'The provider does not accept the request, for example because the redirect address is not registered there.',
  insufficient_scope: 'The provider does not let this application read your organizations or address.',
  too_many_groups: 'You are in more organizations or teams than this application can read.',
  session_too_large: 'The provider states too many groups or other facts about you.',
  email_not_verified: 'The provider has not verified your e-mail address.',
  clocks_differ: 'The clocks of the provider and of this application differ by more than a minute.',
  invalid_response: 'The response of the provider could not be accepted.',
};

/** `error`: the code of the provider. */
export function failurePage(error: string, again: string, errorId: string): Page {
  return renderPage({
    title: 'Sign-in failed',
    body: html`<h1>You could not be signed in</h1>
<p>${meanings[error] ?? 'The provider refused the sign-in.'}</p>
<p class="row"><a class="button" href="${again}">Try again</a> <a href="/">Go to the start page</a></p>
<p class="faint"><small>Reason: <code>${code(error)}</code> &middot; Report: <code>${errorId}</code></small></p>
`,
  });
}

export function outagePage(again: string, errorId: string): Page {
  return renderPage({
    title: 'Sign-in is not available',
    body: html`<h1>Sign-in is not available at the moment</h1>
<p>A service that is needed for it does not respond. If you were signed in, you still are.</p>
<p class="row"><a class="button" href="${again}">Try again</a></p>
<p class="faint"><small>Report: <code>${errorId}</code></small></p>
`,
  });
}

/** The browser was sent here again and again. */
export function loopPage(again: string, errorId: string): Page {
  return renderPage({
    title: 'Sign-in does not end',
    body: html`<h1>Signing in again does not help</h1>
<p>You were signed in several times within a minute, but the page did not accept it. Either your browser does not keep cookies of this site,
or your account lacks something that the page needs.</p>
<p class="row"><a class="button" href="${again}">Try again</a> <a href="/">Go to the start page</a></p>
<p class="faint"><small>Report: <code>${errorId}</code></small></p>
`,
  });
}

/** The request came without TLS, or to another address, although it was sent to the origin before. */
export function originPage(origin: string, errorId: string): Page {
  return renderPage({
    title: 'This address cannot be used',
    body: html`<h1>Sign-in is not possible at this address</h1>
<p>People sign in at <code>${origin}</code>, but the request did not arrive as one for it.</p>
<p>For the administrator: if a proxy in front ends TLS, list it in <code>server.trustedProxies</code>, and let it send
<code>X-Forwarded-Proto</code> and keep the <code>Host</code> of the client; otherwise correct <code>signIn.origin</code>.</p>
<p class="faint"><small>Report: <code>${errorId}</code></small></p>
`,
  });
}

/** `action`: the form's address. */
export function signOutPage(texts: PageTexts, action: string, isSignedIn: boolean): Page {
  const body = isSignedIn
    ? html`<h1>${texts.signOut}</h1>
<p>${texts.signOutQuestion}</p>
<form method="post" action="${action}" class="row"><button>${texts.signOut}</button> <a href="/">${texts.staySignedIn}</a></form>
`
    : html`<h1>${texts.signedOut}</h1>
<p class="row"><a class="button" href="/">${texts.goToStart}</a></p>
`;
  return renderPage({ title: texts.signOut, language: texts.language, body, script: forgetLeader });
}

/** The note about a tab that signs in has no meaning after signing out. */
const forgetLeader = `localStorage.removeItem('rolegate-sign-in');`;

/** Codes are ASCII; anything else is not shown as it is. */
function code(error: string): Html | string {
  return /^[\w.-]{1,64}$/.test(error) ? error : 'unknown';
}
