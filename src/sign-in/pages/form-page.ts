/** A form that was sent without a session, to be sent again. It is in the page, so that no other client has it, and nothing is kept here. */
import { type Html, html, type Look, nothing, type Page, renderPage } from './page.ts';
import type { PageTexts } from './texts/page-texts.ts';

export interface FormPage {
  /** Where the form goes. */
  readonly action: string;
  readonly fields: readonly (readonly [string, string])[];
  /** Address of the sign-in, which opens beside this page. */
  readonly signIn: string;
  /** Responds "yes" as soon as there is a session. */
  readonly check: string;
  readonly errorId: string;
}

/** Without script, the texts stay general; the button works either way. */
const script = `
const { check } = document.querySelector('main > section').dataset;
let waiting = false;
async function signedIn() {
  const response = await fetch(check, { cache: 'no-store' }).catch(() => null);
  return response?.ok && (await response.text()) === 'yes';
}
async function wait() {
  if (waiting) return;
  waiting = true;
  for (const endAt = Date.now() + 1800000; document.hidden || !(await signedIn()); ) {
    if (Date.now() > endAt) return;
    await new Promise((go) => setTimeout(go, 1000));
  }
  for (const part of document.querySelectorAll('[data-when]')) part.hidden = part.dataset.when !== 'in';
  document.querySelector('button').className = '';
}
document.querySelector('a.button').onclick = () => void wait();
`;

export function formPage(look: Look<PageTexts>, { action, fields, signIn, check, errorId }: FormPage): Page {
  const { texts } = look;
  const { title, notSent, notSentWhy, signedInAgain, sendAgain, signInBeside } = texts.keptForm;
  return renderPage({
    title,
    look,
    body: html`<section data-check="${check}">
<h1>${notSent}</h1>
<p data-when="out">${notSentWhy}</p>
<p data-when="in" hidden>${signedInAgain}</p>
<form method="post" action="${action}" class="row">
${fields.map(([name, value]) => field(name, value))}<a class="button" data-when="out" href="${signIn}" target="_blank">${texts.signIn}</a>
<button class="plain">${sendAgain}</button>
</form>
<p class="faint" data-when="out"><small>${signInBeside}</small></p>
<p class="faint"><small>${texts.messages.report} <code>${errorId}</code></small></p>
</section>
`,
    script,
  });
}

function field(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">
`;
}

/** In the tab beside the form. */
export function signedInPage(look: Look<PageTexts>, isSignedIn: boolean): Page {
  const { texts } = look;
  const title = isSignedIn ? texts.signedIn : texts.notSignedIn;
  const hint = isSignedIn ? html`<p>${texts.closeTab}</p>` : nothing;
  return renderPage({
    title,
    look,
    body: html`<h1>${title}</h1>
${hint}
<p class="row"><a href="/">${texts.goToStart}</a></p>
`,
  });
}
