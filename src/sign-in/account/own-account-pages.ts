/** The pages of a person's own account as HTML: addresses, keys and sessions, the code for one of them, and the secret of a new key. Without script. */
import { type DeviceTexts, deviceName } from '../../core/request/device-name.ts';
import { type Html, html, nothing, type Page } from '../pages/page.ts';
import type { PageTexts } from '../pages/texts/page-texts.ts';
import { paths } from '../paths.ts';
import { actionForm, badge, dateOf, signInAgainFirst, table } from './elements.ts';
import { alertOf, codeField, type Frame, hidden, render } from './pages.ts';

export interface OwnAccount {
  readonly name: string;
  readonly addresses: readonly { id: string; address: string; isPreferred: boolean; isVerified: boolean }[];
  readonly keys: readonly { id: string; name: string; apiKey: string; expireAtS: number; isVerified: boolean }[];
  /** Of browsers and of programs that signed in at the Auth API. */
  readonly sessions: readonly { id: string; address: string; device: string; expireAtS: number; isThisOne: boolean }[];
  /** Address of a new sign-in; null: the last one is recent enough for changes. */
  readonly signInAgain: string | null;
  readonly isAdministrator: boolean;
}

export function ownAccountPage(
  frame: Frame,
  { name, addresses, keys, sessions, signInAgain, isAdministrator }: OwnAccount,
  pageTexts: PageTexts,
): Page {
  const texts = frame.texts.account;
  const mayChange = signInAgain === null;
  const rowsOfAddresses = addresses.map(
    ({ id, address, isPreferred, isVerified }) => html`<tr>
<td>${address}${badge(isPreferred, texts.preferred)}${badge(!isVerified, texts.unverified)}</td>
<td class="actions">${mayChange && !isPreferred ? addressActions(texts, { id, address, isVerified }) : nothing}</td>
</tr>
`,
  );
  const rowsOfKeys = keys.map(
    ({ id, name: keyName, apiKey, expireAtS, isVerified }) => html`<tr>
<td>${keyName}${badge(!isVerified, texts.unverified)}<br><small><code>${apiKey}</code> ${texts.until(dateOf(expireAtS))}</small></td>
<td class="actions">${actionForm(paths.account, 'remove-key', { id }, texts.remove)}</td>
</tr>
`,
  );
  const rowsOfSessions = sessions.map(
    ({ id, address, device, expireAtS, isThisOne }) => html`<tr>
<td>${nameOfDevice(device, pageTexts)}${badge(isThisOne, pageTexts.thisSession)}<br><small>${address} ${texts.until(dateOf(expireAtS))}</small></td>
<td class="actions">${isThisOne ? nothing : actionForm(paths.account, 'end-session', { id }, texts.endSession)}</td>
</tr>
`,
  );
  const again = signInAgainFirst(signInAgain ?? '', texts.signInAgainWhy, texts.signInAgain);
  return render(
    frame,
    texts.title,
    html`<h1>${texts.title}</h1>
<p>${texts.signedInAs(name)}</p>
${alertOf(frame)}${mayChange ? nothing : again}<h2>${texts.addresses}</h2>
${table(rowsOfAddresses)}${mayChange ? newAddress(texts) : nothing}<h2>${texts.keys}</h2>
<p class="faint">${texts.keysWhy}</p>
${table(rowsOfKeys)}${mayChange ? newKey(texts) : nothing}<h2>${texts.openSessions}</h2>
<p class="faint">${texts.openSessionsWhy}</p>
${table(rowsOfSessions)}<p class="row end">${frame.settings.passkeys ? html`<a href="${paths.passkeys}">${frame.texts.passkeys.title}</a> ` : nothing}${isAdministrator ? html`<a href="${paths.people}">${frame.texts.administration.title}</a> ` : nothing}<a href="${paths.sessions}">${texts.sessions}</a> <a href="${paths.signOut}">${texts.signOut}</a></p>
`,
  );
}

const maxProgram = 60;

/** A program that is no browser is named as it names itself. */
function nameOfDevice(device: string, texts: DeviceTexts): string {
  return deviceName(device, { ...texts, unknownBrowser: device.slice(0, maxProgram) || texts.unknownBrowser });
}

type Texts = Frame['texts']['account'];

function addressActions(
  texts: Texts,
  { id, address, isVerified }: { readonly id: string; readonly address: string; readonly isVerified: boolean },
): Html {
  const first = isVerified
    ? actionForm(paths.account, 'prefer-address', { id }, texts.prefer)
    : actionForm(paths.account, 'renew-address', { address }, texts.verify);
  return html`${first}${actionForm(paths.account, 'remove-address', { id }, texts.remove)}`;
}

function newAddress(texts: Texts): Html {
  return html`<form method="post" action="${paths.account}" class="row fields">
${hidden('action', 'add-address')}<div><label for="address">${texts.newAddress}</label>
<input id="address" name="address" type="email" autocomplete="email" maxlength="254" required></div>
<button class="plain">${texts.add}</button>
</form>
`;
}

function newKey(texts: Texts): Html {
  return html`<form method="post" action="${paths.account}" class="row fields">
${hidden('action', 'add-key')}<div><label for="key-name">${texts.newKey}</label>
<input id="key-name" name="name" maxlength="100" required></div>
<div class="narrow"><label for="days">${texts.days}</label>
<input id="days" name="days" type="number" min="1" max="3650" value="90" required></div>
<button class="plain">${texts.createKey}</button>
</form>
`;
}

/** What the code confirms, as the forms carry it. */
export interface Confirmation {
  readonly action: 'verify-address' | 'verify-key';
  readonly codeId: string;
  /** Of the code; for a key, the preferred one, which is not stated. */
  readonly address: string;
  /** It is no number of six digits. */
  readonly isLong: boolean;
}

export interface NewKey {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** `key`: with its secret, which is shown once. */
export function confirmationPage(frame: Frame, confirmation: Confirmation, key: NewKey | null = null): Page {
  const { texts: all } = frame;
  const texts = all.account;
  const title = key === null ? all.codeTitle : texts.keyTitle;
  const isOfAddress = confirmation.action === 'verify-address';
  return render(
    frame,
    title,
    html`<h1>${title}</h1>
${
  key === null
    ? nothing
    : html`<p>${texts.keyOnce}</p>
<dl>
<dt>${texts.apiKey}</dt><dd><code>${key.apiKey}</code></dd>
<dt>${texts.apiSecret}</dt><dd><code>${key.apiSecret}</code></dd>
</dl>
`
}${alertOf(frame)}<p>${isOfAddress ? texts.addressCode(confirmation.address) : texts.keyCode}</p>
<form method="post" action="${paths.account}">
${hidden('action', confirmation.action)}${hidden('codeId', confirmation.codeId)}${hidden('address', confirmation.address)}${confirmation.isLong ? hidden('long', '1') : nothing}${codeField(all, confirmation.isLong)}<button>${texts.confirm}</button>
</form>
<p><a href="${paths.account}">${texts.back}</a></p>
`,
  );
}
