/** The pages of accounts as HTML: for the address, for the code, and for a new account. Without script, except for passkeys. */
import type { AccountsConfig } from '../../config/accounts-config.ts';
import { type Html, html, nothing, type Page, renderPage } from '../pages/page.ts';
import { paths } from '../paths.ts';
import type { AccountTexts } from './account-texts.ts';
import type { AccountNames, PendingCode } from './pending-codes.ts';

export interface Frame {
  readonly settings: AccountsConfig;
  readonly texts: AccountTexts;
  /** What was wrong; null: nothing yet. */
  readonly message: string | null;
}

export interface PageFrame extends Frame {
  /** Of the sign-in under way, sealed. */
  readonly state: string;
  /** Address of the script for passkeys; null: they are not offered. */
  readonly passkeyScript: string | null;
  /** Whether nothing else is enough. */
  readonly needsPasskey: boolean;
  /** Whether a recovery code is enough. */
  readonly mayRecover: boolean;
}

export function addressPage(frame: PageFrame, email: string): Page {
  const { settings, texts, state } = frame;
  if (frame.needsPasskey) return passkeyPage(frame);
  const signUp = html`<p class="faint">${texts.signUpQuestion} <a href="${linkTo(paths.signUp, state)}">${texts.signUpLink}</a></p>
`;
  return render(
    frame,
    texts.signIn,
    html`<h1>${texts.signInTo(settings.name)}</h1>
${alertOf(frame)}<form method="post" action="${paths.address}">
${hidden('state', state)}<label for="email">${texts.addressLabel}</label>
<input id="email" name="email" type="email" autocomplete="${frame.passkeyScript === null ? 'email' : 'username webauthn'}" maxlength="254" required autofocus value="${email}">
<p class="faint">${texts.addressHint}</p>
<button>${texts.sendCode}</button>
</form>
${passkeyForm(frame)}${recoveryLink(frame)}${settings.mayRegister ? signUp : nothing}`,
    frame.passkeyScript,
  );
}

/** Where a code by mail is not enough. */
function passkeyPage(frame: PageFrame): Page {
  const { required, requiredWhy, useNeedsScript } = frame.texts.passkeys;
  return render(
    frame,
    required,
    html`<h1>${required}</h1>
<p>${requiredWhy}</p>
${alertOf(frame)}${passkeyForm(frame)}<noscript><p class="faint">${useNeedsScript}</p></noscript>
${recoveryLink(frame)}`,
    frame.passkeyScript,
  );
}

/** Elsewhere, the page of passkeys leads on. */
function recoveryLink({ mayRecover, needsPasskey, texts, state }: PageFrame): Html {
  if (!mayRecover && !needsPasskey) return nothing;
  return html`<p class="faint"><a href="${mayRecover ? linkTo(paths.recovery, state) : paths.passkeys}">${texts.recovery.link}</a></p>
`;
}

/** Hidden without script. */
function passkeyForm({ passkeyScript, needsPasskey, texts, state }: PageFrame): Html {
  if (passkeyScript === null) return nothing;
  return html`<form method="post" action="${paths.passkey}" data-options="${paths.passkeyOptions}" hidden>
${hidden('state', state)}${hidden('pending', '')}${hidden('credential', '')}<p class="alert" role="alert" hidden>${texts.passkeys.notUsed}</p>
<button${needsPasskey ? nothing : html` class="plain"`}>${texts.passkeys.use}</button>
</form>
`;
}

export function codePage(
  frame: PageFrame,
  { email, isLong, account }: Pick<PendingCode, 'email' | 'isLong' | 'account'>,
  pending: string,
): Page {
  const { texts, state } = frame;
  return render(
    frame,
    texts.codeTitle,
    html`<h1>${texts.codeTitle}</h1>
<p>${isLong ? texts.codes.longSent(email) : texts.codeSent(email)}</p>
${alertOf(frame)}<form method="post" action="${paths.code}">
${hidden('state', state)}${hidden('pending', pending)}${codeField(texts, isLong)}<p class="faint">${texts.codeHere}</p>
<button>${texts.confirm}</button>
</form>
<form method="post" action="${paths.address}" class="row">
${hidden('state', state)}${account === null ? hidden('email', email) : hidden('pending', pending)}<button class="plain">${texts.newCode}</button>
<a href="${linkTo(paths.address, state)}">${texts.otherAddress}</a>
</form>
`,
  );
}

/** With its label. */
export function codeField({ codeLabel, codes }: AccountTexts, isLong: boolean): Html {
  const digits = html`<input id="code" name="code" class="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required autofocus>
`;
  const letters = html`<input id="code" name="code" autocapitalize="characters" autocomplete="one-time-code" spellcheck="false" maxlength="40" required autofocus aria-describedby="code-why">
<p class="faint" id="code-why">${codes.longWhy}</p>
`;
  return html`<label for="code">${codeLabel}</label>
${isLong ? letters : digits}`;
}

export function signUpPage(
  frame: PageFrame,
  { email, fullName, alias }: AccountNames & { readonly email: string },
): Page {
  const { settings, texts, state } = frame;
  return render(
    frame,
    texts.signUp,
    html`<h1>${texts.signUpTitle(settings.name)}</h1>
${alertOf(frame)}<form method="post" action="${paths.signUp}">
${hidden('state', state)}<label for="email">${texts.addressLabel}</label>
<input id="email" name="email" type="email" autocomplete="email" maxlength="254" required autofocus value="${email}">
<label for="name">${texts.fullNameLabel}</label>
<input id="name" name="fullName" autocomplete="name" maxlength="200" required value="${fullName}">
<label for="alias">${texts.aliasLabel}</label>
<input id="alias" name="alias" autocomplete="nickname" maxlength="64" required value="${alias}" aria-describedby="alias-hint">
<p class="faint" id="alias-hint">${texts.aliasHint}</p>
<button>${texts.signUp}</button>
</form>
<p><a href="${linkTo(paths.address, state)}">${texts.hasAccount}</a></p>
`,
  );
}

export function render({ settings, texts }: Frame, title: string, body: Html, scriptUrl: string | null = null): Page {
  const look = { texts, brand: settings };
  return renderPage({ title, body, look, ...(scriptUrl === null ? {} : { scriptUrl }) });
}

export function alertOf({ message }: Frame): Html {
  return message === null ? nothing : html`<p class="alert" role="alert">${message}</p>\n`;
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">\n`;
}

export function linkTo(path: string, state: string): string {
  return `${path}?state=${encodeURIComponent(state)}`;
}
