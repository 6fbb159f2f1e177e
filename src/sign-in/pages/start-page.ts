/**
 * The page between a request and the provider: it keeps the fragment of the address, which only the browser knows, and lets one of many tabs
 * sign in while the others wait for it, because providers lose all but one of several sign-ins that begin at once. Without script it is a
 * redirect.
 */
import { html, type Look, type Page, renderPage } from './page.ts';
import type { PageTexts } from './texts/page-texts.ts';

/**
 * One tab leads, by a Web Lock, and notes that it does; others ask until there is a session. A tab that came back at once leads itself: its
 * session was not accepted. A waiting tab never takes over by itself, because the person may be typing a password in the first one.
 */
const script = `
const { go, back, check } = document.querySelector('main > section').dataset;
const target = back.includes('#') ? back : back + location.hash;
const name = 'rolegate-sign-in';
const recently = (time, ms) => Date.now() - Number(time ?? 0) < ms;
const id = sessionStorage[name] ??= Math.random().toString(36).slice(2);
function lead() {
  localStorage[name] = Date.now() + ' ' + id;
  location.replace(go + '&return_to=' + encodeURIComponent(target));
}
async function signedIn() {
  try {
    const response = await fetch(check, { cache: 'no-store' });
    return response.ok && (await response.text()) === 'yes';
  } catch {
    return false;
  }
}
async function wait() {
  for (const part of document.querySelectorAll('[hidden]')) part.hidden = false;
  document.querySelector('#continuing').hidden = true;
  const endAt = Date.now() + 1800000;
  for (let pause = 100; Date.now() < endAt; pause = Math.min(pause * 1.5, 2000)) {
    await new Promise((go) => {
      setTimeout(go, pause);
      document.addEventListener('visibilitychange', go, { once: true });
    });
    if (!(await signedIn())) continue;
    sessionStorage[name + '-back'] = Date.now();
    location.replace(target);
    return;
  }
}
document.querySelector('button').onclick = lead;
if (navigator.locks === undefined || recently(sessionStorage[name + '-back'], 10000)) lead();
else navigator.locks.request(name, { ifAvailable: true }, (lock) => {
  const [time, by] = (localStorage[name] ?? '').split(' ');
  if (lock === null || (by !== id && recently(time, 60000))) {
    setTimeout(wait);
    return;
  }
  lead();
  return new Promise(() => {});
});
`;

export interface StartPage {
  /** Address of the redirect to the provider, without the return address. */
  readonly go: string;
  /** Address that responds "yes" as soon as there is a session. */
  readonly check: string;
  readonly target: string;
}

export function startPage(look: Look<PageTexts>, { go, check, target }: StartPage): Page {
  const { texts } = look;
  const plain = `${go}&return_to=${encodeURIComponent(target)}`;
  return renderPage({
    title: texts.signIn,
    look,
    head: html`<noscript><meta http-equiv="refresh" content="0;url=${plain}"></noscript>
`,
    body: html`<section data-go="${go}" data-check="${check}" data-back="${target}">
<h1>${texts.signIn}</h1>
<p id="continuing">${texts.leadingOn}</p>
<p hidden>${texts.otherTab}</p>
<p hidden><button type="button">${texts.signInHere}</button></p>
<noscript><p><a class="button" href="${plain}">${texts.goOn}</a></p></noscript>
</section>
`,
    script,
  });
}
