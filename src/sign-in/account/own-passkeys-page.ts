/** The page of a person's own passkeys as HTML. Only adding one needs its script. */
import { type Html, html, nothing, type Page } from '../pages/page.ts';
import { paths } from '../paths.ts';
import { actionForm, badge, dateOf, signInAgainFirst, table } from './elements.ts';
import { alertOf, type Frame, hidden, render } from './pages.ts';
import { recoveryPart } from './recovery-pages.ts';

export interface OwnPasskeys {
  /** Of the account. */
  readonly name: string;
  readonly passkeys: readonly OwnPasskey[];
  /** Proposed for a new one. */
  readonly newName: string;
  /** What changes need first; null: nothing. */
  readonly signIn: 'any' | 'passkey' | null;
  readonly signInAddress: string;
  /** Null: recovery codes are of no use yet. */
  readonly unusedCodes: number | null;
  readonly mayCreateCodes: boolean;
  readonly scriptUrl: string;
}

interface OwnPasskey {
  readonly id: string;
  readonly name: string;
  readonly createdAtS: number;
  /** Null: never. */
  readonly lastUsedAtS: number | null;
  /** Between devices. */
  readonly isSynced: boolean;
}

export function ownPasskeysPage(frame: Frame, own: OwnPasskeys): Page {
  const { name, passkeys, newName, signIn, signInAddress, unusedCodes, mayCreateCodes, scriptUrl } = own;
  const texts = frame.texts.passkeys;
  const { account } = frame.texts;
  const mayChange = signIn === null;
  const again =
    signIn === 'passkey'
      ? signInAgainFirst(signInAddress, texts.changeWhy, texts.use)
      : signInAgainFirst(signInAddress, texts.signInAgainWhy, account.signInAgain);
  return render(
    frame,
    texts.title,
    html`<h1>${texts.title}</h1>
<p>${account.signedInAs(name)} ${texts.why}</p>
${alertOf(frame)}${mayChange ? nothing : again}${table(passkeys.map((one) => row(frame, one, mayChange)))}${
  mayChange && passkeys.length > 0
    ? html`<p class="faint">${texts.removeWhy}</p>
`
    : nothing
}${mayChange ? newPasskey(frame, newName) : nothing}${unusedCodes === null ? nothing : recoveryPart(frame, unusedCodes, mayCreateCodes)}<p class="row end"><a href="${paths.account}">${account.back}</a></p>
`,
    mayChange ? scriptUrl : null,
  );
}

function row({ texts: { passkeys: texts, account } }: Frame, passkey: OwnPasskey, mayRemove: boolean): Html {
  const { id, name, createdAtS, lastUsedAtS, isSynced } = passkey;
  const used = lastUsedAtS === null ? texts.neverUsed : texts.lastUsed(dateOf(lastUsedAtS));
  const field = `name-${id}`;
  return html`<tr>
<td>${name}${badge(isSynced, texts.synced)}<br><small>${texts.added(dateOf(createdAtS))}, ${used}</small>
<details><summary>${texts.rename}</summary>
<form method="post" action="${paths.passkeys}" class="row fields">
${hidden('action', 'rename')}${hidden('id', id)}<div><label for="${field}">${texts.name}</label>
<input id="${field}" name="name" maxlength="100" required value="${name}"></div>
<button class="plain">${texts.rename}</button>
</form>
</details></td>
<td class="actions">${mayRemove ? actionForm(paths.passkeys, 'remove', { id }, account.remove) : nothing}</td>
</tr>
`;
}

/** Hidden without script. */
function newPasskey({ texts: { passkeys: texts } }: Frame, newName: string): Html {
  return html`<form method="post" action="${paths.passkeys}" data-options="${paths.newPasskeyOptions}" data-create hidden>
${hidden('action', 'add')}${hidden('pending', '')}${hidden('credential', '')}<p class="alert" role="alert" hidden>${texts.notCreated}</p>
<div class="row fields"><div><label for="new-name">${texts.newName}</label>
<input id="new-name" name="name" maxlength="100" required value="${newName}"></div>
<button>${texts.add}</button></div>
</form>
<noscript><p class="faint">${texts.needsScript}</p></noscript>
`;
}
