/** Pages that tell a person what happened, each with a way on. */
import { type Html, html, type Look, nothing, type Page, renderPage } from './page.ts';
import type { FailureCode, PageTexts } from './texts/page-texts.ts';

/** Of a refusal: a way on, and what finds it in the log. */
export interface Refused {
  readonly look: Look<PageTexts>;
  /** Address of the sign-in. */
  readonly again: string;
  readonly errorId: string;
}

/** `error`: the code of the provider. */
export function failurePage(error: string, refused: Refused): Page {
  const { messages } = refused.look.texts;
  const { failures, otherFailure } = messages;
  // Providers choose the code, and browsers the parameters of a callback.
  const why = Object.hasOwn(failures, error) ? failures[error as FailureCode] : otherFailure;
  const reason = html`${messages.reason} <code>${code(error)}</code> &middot; `;
  return message(messages.failureTitle, messages.failure, [why], refused, { reason });
}

export function outagePage(refused: Refused): Page {
  const { outageTitle, outage, outageWhy } = refused.look.texts.messages;
  return message(outageTitle, outage, [outageWhy], refused, { leadsHome: false });
}

/** The browser was sent here again and again. */
export function loopPage(refused: Refused): Page {
  const { loopTitle, loop, loopWhy } = refused.look.texts.messages;
  return message(loopTitle, loop, [loopWhy], refused);
}

/** The request came without TLS, or to another address, although it was sent to the origin before. */
export function originPage(origin: string, refused: Omit<Refused, 'again'>): Page {
  const { originTitle, origin: heading, originWhy, originHint } = refused.look.texts.messages;
  return message(originTitle, heading, [originWhy(origin), originHint], { ...refused, again: null });
}

function message(
  title: string,
  heading: string,
  lines: readonly string[],
  { look, again, errorId }: Omit<Refused, 'again'> & { readonly again: string | null },
  { reason = nothing, leadsHome = true }: { readonly reason?: Html; readonly leadsHome?: boolean } = {},
): Page {
  const { texts } = look;
  const { tryAgain, report } = texts.messages;
  const home = leadsHome ? html` <a href="/">${texts.goToStart}</a>` : nothing;
  const wayOn =
    again === null ? nothing : html`<p class="row"><a class="button" href="${again}">${tryAgain}</a>${home}</p>\n`;
  return renderPage({
    title,
    look,
    body: html`<h1>${heading}</h1>
${lines.map((line) => html`<p>${withCode(line)}</p>\n`)}${wayOn}<p class="faint"><small>${reason}${report} <code>${errorId}</code></small></p>
`,
  });
}

/** Parts between backticks as code. */
function withCode(text: string): Html {
  return html`${text.split('`').map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))}`;
}

/** `action`: the form's address. */
export function signOutPage(look: Look<PageTexts>, action: string, isSignedIn: boolean): Page {
  const { texts } = look;
  const body = isSignedIn
    ? html`<h1>${texts.signOut}</h1>
<p>${texts.signOutQuestion}</p>
<form method="post" action="${action}" class="row"><button>${texts.signOut}</button> <a href="/">${texts.staySignedIn}</a></form>
`
    : html`<h1>${texts.signedOut}</h1>
<p class="row"><a class="button" href="/">${texts.goToStart}</a></p>
`;
  return renderPage({ title: texts.signOut, look, body, script: forgetLeader });
}

/** The note about a tab that signs in has no meaning after signing out. */
const forgetLeader = `localStorage.removeItem('rolegate-sign-in');`;

/** Codes are ASCII; anything else is not shown as it is. */
function code(error: string): Html | string {
  return /^[\w.-]{1,64}$/.test(error) ? error : 'unknown';
}
