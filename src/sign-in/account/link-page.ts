/** The page that a one-time link opens, as HTML. Its button uses the link up: programs that look at addresses in a mail do not. */
import { html, type Page } from '../pages/page.ts';
import { paths } from '../paths.ts';
import { alertOf, type Frame, hidden, render } from './pages.ts';

/** `link` null: it was used, or is none. */
export function linkPage(frame: Frame, state: string, link: string | null): Page {
  const { administration, recovery } = frame.texts;
  const form = html`<p>${recovery.linkWhy}</p>
<form method="post" action="${paths.link}">
${hidden('state', state)}${hidden('link', link ?? '')}<button>${recovery.linkUse}</button>
</form>
`;
  const wayOn = html`<p><a href="${paths.account}">${administration.ownAccount}</a></p>
`;
  const title = link === null ? recovery.linkVoid : recovery.linkTitle;
  return render(
    frame,
    title,
    html`<h1>${title}</h1>
${alertOf(frame)}${link === null ? wayOn : form}`,
  );
}
