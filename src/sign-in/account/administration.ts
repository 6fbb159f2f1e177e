/**
 * Administration in the browser: people who can sign in at the embedded Auth API, their sessions and passkeys. The Auth API demands the role
 * for each call and logs each change with who made it; the pages demand a recent sign-in before changes.
 */
import { pageTexts } from '../page-look.ts';
import { type PageReply, redirect, refuse, show } from '../page-request.ts';
import type { SignInParts } from '../sign-in-parts.ts';
import type { AdministrationMessage } from './account-texts.ts';
import type { AccountPages, Accounts } from './accounts.ts';
import {
  type NewPerson,
  notPermittedPage,
  type Person,
  passkeyFirstPage,
  peoplePage,
  personAddress,
  personPage,
} from './administration-pages.ts';
import { type AuthApiCall, AuthApiUnavailable } from './auth-api-client.ts';
import { textOf } from './form-field.ts';
import { messageOf, refusedChange } from './refused-change.ts';
import { createVisits, listIn, namesIn, type Visit } from './visit.ts';

const peoplePerPage = 20;
const maxPage = 1_000_000;
const blankPerson: NewPerson = { email: '', fullName: '', alias: '', roles: 'user' };

class RoleMissing extends Error {}

/** The person has the role, but not in this session. */
class PasskeyMissing extends Error {}

export function createAdministration(
  parts: SignInParts,
  accounts: Accounts,
): Pick<AccountPages, 'showPeople' | 'changePeople'> {
  const onVisit = createVisits(parts, accounts);

  /** The role may go at any moment, so every call may find it missing. */
  function asAdministrator(serve: (visit: Visit) => Promise<PageReply>) {
    return onVisit(async (visit) => {
      async function call(apiCall: AuthApiCall) {
        const response = await visit.call(apiCall);
        if (response.status === 403) throw new RoleMissing();
        if (response.json['code'] === 'passkey_required') throw new PasskeyMissing();
        return response;
      }
      try {
        return await serve({ ...visit, call });
      } catch (error) {
        if (error instanceof PasskeyMissing) return await passkeyFirst(visit);
        if (!(error instanceof RoleMissing)) throw error;
        return refuse('role_missing', () => notPermittedPage(visit.frame));
      }
    });
  }

  /** Who has no passkey yet adds one. */
  async function passkeyFirst(visit: Visit): Promise<PageReply> {
    const passkeys = listIn(await visit.call({ method: 'GET', path: '/passkeys' }), 'passkeys');
    const page = passkeyFirstPage(visit.frame, passkeys.length === 0 ? null : visit.signInByPasskey);
    return refuse('role_missing', () => page);
  }

  async function listOfPeople(visit: Visit, message: string | null = null, added: NewPerson = blankPerson) {
    const { query } = visit.request;
    const search = textOf(query, 'search');
    const pageNumber = Number(query.get('page') ?? '1');
    const page = Number.isInteger(pageNumber) && pageNumber >= 1 && pageNumber <= maxPage ? pageNumber : 1;
    const parameters = { limit: String(peoplePerPage), page: String(page), ...(search === '' ? {} : { search }) };
    const response = await visit.call({ method: 'GET', path: `/admin/users?${new URLSearchParams(parameters)}` });
    // Nobody has an address or a name with such characters.
    const isOfNobody = response.status === 400 && search !== '';
    const users = isOfNobody ? [] : listIn(response, 'users');
    return peoplePage(
      { ...visit.frame, message },
      {
        people: users.map(personOf),
        search,
        page,
        pages: Number(response.json['pages'] ?? 0),
        total: Number(response.json['items'] ?? 0),
        added,
        signInAgain: visit.isRecent ? null : visit.signInAgain,
      },
    );
  }

  /** Null: there is nobody with this id. */
  async function onePerson(visit: Visit, id: string, message: string | null = null) {
    if (!isId(id)) return null;
    const [user, sessions, passkeys] = await Promise.all([
      visit.call({ method: 'GET', path: `/admin/user/${id}` }),
      visit.call({ method: 'GET', path: `/admin/user/${id}/sessions` }),
      visit.call({ method: 'GET', path: `/admin/user/${id}/passkeys` }),
    ]);
    if (user.status === 404 || sessions.status === 404) return null;
    const [person] = listIn(user, 'users');
    if (person === undefined) throw new AuthApiUnavailable('GET /admin/user: no user');
    return personPage(
      { ...visit.frame, message },
      {
        person: personOf(person),
        sessions: listIn(sessions, 'sessions').map(({ sessionID, ip, userAgent, expireAt }) => ({
          id: String(sessionID),
          address: String(ip),
          device: String(userAgent),
          expireAtS: Number(expireAt),
        })),
        passkeys: passkeys.status === 404 ? null : listIn(passkeys, 'passkeys').map(passkeyOf),
        signInAgain: visit.isRecent ? null : visit.signInAgain,
      },
      pageTexts(visit.request),
    );
  }

  /** How it is now, with what was wrong. */
  async function refusal(visit: Visit, id: string, name: AdministrationMessage, added?: NewPerson): Promise<PageReply> {
    const message = visit.frame.texts.administration.messages[name];
    const page = (await onePerson(visit, id, message)) ?? (await listOfPeople(visit, message, added));
    return refuse('account_unchanged', () => page);
  }

  async function addPerson(visit: Visit, form: URLSearchParams): Promise<PageReply> {
    const added = {
      email: textOf(form, 'email'),
      fullName: textOf(form, 'fullName'),
      alias: textOf(form, 'alias'),
      roles: textOf(form, 'roles'),
    };
    const roles = added.roles.split(/[\s,]+/).filter((role) => role !== '');
    const body = { ...added, roles, notify: true };
    const response = await visit.call({ method: 'POST', path: '/admin/user', body });
    const { userID, code } = response.json;
    if (response.status === 202 && typeof userID === 'string') return redirect(personAddress(userID));
    return await refusal(visit, '', code === 'key_duplicated' ? 'taken' : 'fieldsInvalid', added);
  }

  async function change(visit: Visit, id: string, path: string | null): Promise<PageReply> {
    if (path === null) return await refusal(visit, id, 'gone');
    const response = await visit.call({ method: 'DELETE', path });
    if (response.status === 202) return redirect(personAddress(id));
    const limited = response.status === 429 ? await onePerson(visit, id, messageOf(visit.frame, '', response)) : null;
    return limited === null ? await refusal(visit, id, 'gone') : refusedChange(response, limited);
  }

  return {
    showPeople: asAdministrator(async (visit) => {
      const id = visit.request.query.get('id');
      if (id === null) return show(await listOfPeople(visit));
      const page = await onePerson(visit, id);
      return page === null ? await refusal(visit, '', 'gone') : show(page);
    }),
    changePeople: asAdministrator(async (visit) => {
      const form = (await visit.request.readForm()) ?? new URLSearchParams();
      if (!visit.isRecent) return redirect(visit.signInAgain);
      const id = visit.request.query.get('id') ?? '';
      const [session, passkey] = [textOf(form, 'session'), textOf(form, 'passkey')];
      switch (form.get('action')) {
        case 'add':
          return await addPerson(visit, form);
        case 'end-session':
          return await change(visit, id, isId(session) ? `/admin/session/${session}` : null);
        case 'end-sessions':
          return await change(visit, id, isId(id) ? `/admin/user/${id}/sessions` : null);
        case 'remove-passkey': {
          const areIds = isId(id) && isId(passkey);
          return await change(visit, id, areIds ? `/admin/user/${id}/passkeys/${passkey}` : null);
        }
        default:
          return redirect(visit.request.path + visit.request.search);
      }
    }),
  };
}

/** Anything else could lead the call to another operation. */
function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

function personOf({ id, emails, roles, verified, enabled }: Readonly<Record<string, unknown>>): Person {
  return {
    id: String(id),
    addresses: namesIn(emails),
    roles: namesIn(roles),
    isVerified: verified === true,
    isEnabled: enabled === true,
  };
}

function passkeyOf({ passkeyID, passkeyName, lastUsedAt }: Readonly<Record<string, unknown>>) {
  return {
    id: String(passkeyID),
    name: String(passkeyName),
    usedAtS: typeof lastUsedAt === 'number' ? lastUsedAt : null,
  };
}
