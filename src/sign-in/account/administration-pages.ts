/** The pages of administration as HTML: people, and one of them with sessions and passkeys. Without script. */
import { type DeviceTexts, deviceName } from '../../core/request/device-name.ts';
import { type Html, html, nothing, type Page } from '../pages/page.ts';
import { paths, withQuery } from '../paths.ts';
import { actionForm, badge, dateOf, signInAgainFirst, table } from './elements.ts';
import { alertOf, type Frame, hidden, render } from './pages.ts';

export interface Person {
  readonly id: string;
  /** The preferred one first. */
  readonly addresses: readonly string[];
  readonly roles: readonly string[];
  readonly isVerified: boolean;
  readonly isEnabled: boolean;
}

export interface NewPerson {
  readonly email: string;
  readonly fullName: string;
  readonly alias: string;
  /** Separated by blanks. */
  readonly roles: string;
}

export interface People {
  readonly people: readonly Person[];
  readonly search: string;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  readonly added: NewPerson;
  /** Address of a new sign-in; null: the last one is recent enough for changes. */
  readonly signInAgain: string | null;
}

type Texts = Frame['texts']['administration'];

export function peoplePage(frame: Frame, { people, search, page, pages, total, added, signInAgain }: People): Page {
  const texts = frame.texts.administration;
  const rows = people.map(
    (person) => html`<tr>
<td><a href="${personAddress(person.id)}">${nameOf(person)}</a>${badges(person, texts)}</td>
<td>${person.roles.join(', ')}</td>
</tr>
`,
  );
  const at = (other: number) => withQuery(paths.people, { search, page: String(other) });
  return render(
    frame,
    texts.title,
    html`<h1>${texts.title}</h1>
${alertOf(frame)}<form method="get" action="${paths.people}" class="row fields" role="search">
<div><label for="search">${texts.search}</label>
<input id="search" name="search" type="search" maxlength="254" value="${search}" aria-describedby="search-hint"></div>
<button class="plain">${texts.find}</button>
</form>
<p class="faint" id="search-hint">${texts.searchHint}</p>
${rows.length === 0 ? html`<p>${texts.none}</p>\n` : table(rows)}<p class="row faint">${total === 0 ? nothing : texts.counted(total, page, pages)}
${page > 1 ? html`<a href="${at(page - 1)}" rel="prev">${texts.previous}</a>\n` : nothing}${page < pages ? html`<a href="${at(page + 1)}" rel="next">${texts.next}</a>\n` : nothing}</p>
<h2>${texts.addPerson}</h2>
${signInAgain === null ? newPerson(texts, added) : again(texts, signInAgain)}<p class="end"><a href="${paths.account}">${texts.ownAccount}</a></p>
`,
  );
}

function newPerson(texts: Texts, { email, fullName, alias, roles }: NewPerson): Html {
  return html`<form method="post" action="${paths.people}">
${hidden('action', 'add')}<label for="email">${texts.email}</label>
<input id="email" name="email" type="email" autocomplete="off" maxlength="254" required value="${email}" aria-describedby="add-hint">
<p class="faint" id="add-hint">${texts.addHint}</p>
<label for="name">${texts.fullName}</label>
<input id="name" name="fullName" autocomplete="off" maxlength="200" required value="${fullName}">
<label for="alias">${texts.alias}</label>
<input id="alias" name="alias" autocomplete="off" maxlength="64" required value="${alias}">
<label for="roles">${texts.roles}</label>
<input id="roles" name="roles" autocomplete="off" autocapitalize="none" maxlength="254" value="${roles}" aria-describedby="roles-hint">
<p class="faint" id="roles-hint">${texts.rolesHint}</p>
<button>${texts.add}</button>
</form>
`;
}

export interface PersonPage {
  readonly person: Person;
  readonly sessions: readonly { id: string; device: string; address: string; expireAtS: number }[];
  /** Null: there are no passkeys at this Auth API. */
  readonly passkeys: readonly { id: string; name: string; usedAtS: number | null }[] | null;
  readonly signInAgain: string | null;
}

export function personPage(
  frame: Frame,
  { person, sessions, passkeys, signInAgain }: PersonPage,
  deviceTexts: DeviceTexts,
): Page {
  const texts = frame.texts.administration;
  const mayChange = signInAgain === null;
  const to = personAddress(person.id);
  const act = (action: string, fields: Readonly<Record<string, string>>, text: string) =>
    mayChange ? actionForm(to, action, fields, text) : nothing;
  const rowsOfSessions = sessions.map(
    ({ id, device, address, expireAtS }) => html`<tr>
<td>${deviceName(device, deviceTexts)}<br><small>${address} ${texts.until(dateOf(expireAtS))}</small></td>
<td class="actions">${act('end-session', { session: id }, texts.end)}</td>
</tr>
`,
  );
  const rowsOfPasskeys = (passkeys ?? []).map(
    ({ id, name, usedAtS }) => html`<tr>
<td>${name}<br><small>${usedAtS === null ? texts.neverUsed : texts.lastUsed(dateOf(usedAtS))}</small></td>
<td class="actions">${act('remove-passkey', { passkey: id }, texts.remove)}</td>
</tr>
`,
  );
  const partOfPasskeys = html`<h2>${texts.passkeys}</h2>
<p class="faint">${rowsOfPasskeys.length === 0 ? texts.noPasskeys : texts.passkeysWhy}</p>
${table(rowsOfPasskeys)}`;
  const [first = '', ...others] = person.addresses;
  return render(
    frame,
    first,
    html`<h1>${first}${badges(person, texts)}</h1>
${others.length === 0 ? nothing : html`<p>${others.join(', ')}</p>\n`}<p>${texts.rolesOf(person.roles.length === 0 ? texts.noRoles : person.roles.join(', '))}</p>
${alertOf(frame)}${mayChange ? nothing : again(texts, signInAgain)}<h2>${texts.sessions}</h2>
${rowsOfSessions.length === 0 ? html`<p class="faint">${texts.noSessions}</p>\n` : table(rowsOfSessions)}${rowsOfSessions.length === 0 ? nothing : act('end-sessions', {}, texts.endAll)}${passkeys === null ? nothing : partOfPasskeys}<p class="end"><a href="${paths.people}">${texts.back}</a></p>
`,
  );
}

/** For a person without the role. */
export function notPermittedPage(frame: Frame): Page {
  const texts = frame.texts.administration;
  return render(
    frame,
    texts.notPermitted,
    html`<h1>${texts.notPermitted}</h1>
<p>${texts.notPermittedWhy}</p>
<p><a href="${paths.account}">${texts.ownAccount}</a></p>
`,
  );
}

/** For a person with the role, whose session no passkey opened. `signIn`: address of a sign-in with one; null: the person has none. */
export function passkeyFirstPage(frame: Frame, signIn: string | null): Page {
  const { passkeys: texts, administration } = frame.texts;
  const next =
    signIn === null
      ? signInAgainFirst(paths.passkeys, texts.addFirst, texts.title)
      : signInAgainFirst(signIn, texts.requiredWhy, texts.use);
  return render(
    frame,
    texts.required,
    html`<h1>${texts.required}</h1>
${next}<p class="end"><a href="${paths.account}">${administration.ownAccount}</a></p>
`,
  );
}

export function personAddress(id: string): string {
  return withQuery(paths.people, { id });
}

function again(texts: Texts, signInAgain: string): Html {
  return signInAgainFirst(signInAgain, texts.signInAgainWhy, texts.signInAgain);
}

function nameOf({ addresses: [first], id }: Person): string {
  return first ?? id;
}

function badges({ isEnabled, isVerified }: Person, texts: Texts): Html {
  return html`${badge(!isEnabled, texts.disabled)}${badge(!isVerified, texts.unverified)}`;
}
