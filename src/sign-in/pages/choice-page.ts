/** The page where a person chooses one of several providers. It goes on by itself once the person has signed in in another tab. */
import { html, type Look, type Page, renderPage } from './page.ts';
import type { PageTexts } from './texts/page-texts.ts';

/** Only the browser knows the fragment of the address. A tab that is opened again asks whether there is a session by now. */
const script = `
const { back, check } = document.querySelector('main > section').dataset;
const target = back.includes('#') ? back : back + location.hash;
for (const link of document.querySelectorAll('a.button')) link.href = link.dataset.go + '&return_to=' + encodeURIComponent(target);
async function goOn() {
  if (document.hidden) return;
  const response = await fetch(check, { cache: 'no-store' }).catch(() => null);
  if (response?.ok && (await response.text()) === 'yes') location.replace(target);
}
document.addEventListener('visibilitychange', goOn);
`;

export interface ChoicePage {
  /** `address`: of the redirect to the provider, without the return address. */
  readonly choices: readonly { readonly label: string; readonly address: string }[];
  /** Address that responds "yes" as soon as there is a session. */
  readonly check: string;
  readonly target: string;
}

export function choicePage(look: Look<PageTexts>, { choices, check, target }: ChoicePage): Page {
  const { texts } = look;
  const back = encodeURIComponent(target);
  return renderPage({
    title: texts.signIn,
    look,
    body: html`<section data-check="${check}" data-back="${target}">
<h1>${texts.signIn}</h1>
<p>${texts.choose}</p>
${choices.map(
  ({ label, address }) =>
    html`<p><a class="button wide" href="${`${address}&return_to=${back}`}" data-go="${address}">${label}</a></p>
`,
)}</section>
`,
    script,
  });
}
