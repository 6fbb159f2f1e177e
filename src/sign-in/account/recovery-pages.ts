/** The pages of recovery codes as HTML: where one is entered, and where new ones are shown, once. Without script. */
import { type Html, html, nothing, type Page } from '../pages/page.ts';
import { paths } from '../paths.ts';
import { actionForm } from './elements.ts';
import { alertOf, type Frame, hidden, linkTo, type PageFrame, render } from './pages.ts';

export function recoveryPage(frame: PageFrame): Page {
  const { texts, state, needsPasskey } = frame;
  const { recovery } = texts;
  return render(
    frame,
    recovery.title,
    html`<h1>${recovery.title}</h1>
<p>${recovery.why}</p>
${alertOf(frame)}<form method="post" action="${paths.recovery}">
${hidden('state', state)}<label for="code">${recovery.label}</label>
<input id="code" name="code" autocapitalize="characters" autocomplete="off" spellcheck="false" maxlength="40" required autofocus aria-describedby="code-hint">
<p class="faint" id="code-hint">${recovery.hint}</p>
<button>${texts.confirm}</button>
</form>
<p><a href="${linkTo(paths.address, state)}">${needsPasskey ? texts.passkeys.use : texts.otherAddress}</a></p>
`,
  );
}

/** On the page of a person's passkeys. */
export function recoveryPart({ texts: { recovery } }: Frame, unused: number, mayCreate: boolean): Html {
  return html`<h2>${recovery.codes}</h2>
<p>${recovery.left(unused)}</p>
${mayCreate ? html`${unused === 0 ? nothing : html`<p class="faint">${recovery.createWhy}</p>\n`}${actionForm(paths.recoveryCodes, 'create', {}, recovery.create)}` : nothing}`;
}

export function recoveryCodesPage(frame: Frame, codes: readonly string[]): Page {
  const { recovery } = frame.texts;
  return render(
    frame,
    recovery.newTitle,
    html`<h1>${recovery.newTitle}</h1>
<p>${recovery.once}</p>
<ol>
${codes.map((code) => html`<li><code>${code.replaceAll(/(.{4})(?!$)/g, '$1-')}</code></li>\n`)}</ol>
<p><a href="${paths.passkeys}">${recovery.kept}</a></p>
`,
  );
}
