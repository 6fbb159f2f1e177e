/**
 * A person's own account at the embedded Auth API: addresses, API keys and sessions, by the bearer in the session. What makes an account accessible in
 * a new way needs a recent sign-in: otherwise the thief of a session could keep the account.
 */
import { pageTexts } from '../page-look.ts';
import { type PageReply, redirect, show } from '../page-request.ts';
import { paths } from '../paths.ts';
import type { SignInParts } from '../sign-in-parts.ts';
import type { OwnAccountMessage } from './account-texts.ts';
import type { AccountPages, Accounts } from './accounts.ts';
import type { AuthApiCall, AuthApiResponse } from './auth-api-client.ts';
import { codeIn, isLongIn, textOf } from './form-field.ts';
import { type Confirmation, confirmationPage, ownAccountPage } from './own-account-pages.ts';
import { messageOf, refusedChange } from './refused-change.ts';
import { administratorRole, createVisits, listIn, namesIn, type Visit } from './visit.ts';

export function createOwnAccount(
  parts: SignInParts,
  accounts: Accounts,
): Pick<AccountPages, 'showAccount' | 'changeAccount'> {
  const onVisit = createVisits(parts, accounts);

  async function accountPage(visit: Visit, message: string | null) {
    const [session, emails, keys, sessions] = await Promise.all([
      visit.call({ method: 'GET', path: '/session' }),
      visit.call({ method: 'GET', path: '/emails' }),
      visit.call({ method: 'GET', path: '/keypairs' }),
      visit.call({ method: 'GET', path: '/sessions' }),
    ]);
    return ownAccountPage(
      { ...visit.frame, message },
      {
        name: visit.name,
        addresses: listIn(emails, 'emails').map(({ emailID, address, preferred, verified }) => ({
          id: String(emailID),
          address: String(address),
          isPreferred: preferred === true,
          isVerified: verified === true,
        })),
        keys: listIn(keys, 'keys').map(({ keyID, keyName, apiKey, expireAt, verified }) => ({
          id: String(keyID),
          name: String(keyName),
          apiKey: String(apiKey),
          expireAtS: Number(expireAt),
          isVerified: verified === true,
        })),
        sessions: listIn(sessions, 'sessions').map(({ sessionID, ip, userAgent, expireAt, current }) => ({
          id: String(sessionID),
          address: String(ip),
          device: String(userAgent),
          expireAtS: Number(expireAt),
          isThisOne: current === true,
        })),
        signInAgain: visit.isRecent ? null : visit.signInAgain,
        isAdministrator: ['roles', 'withheldRoles'].some((list) =>
          namesIn(session.json[list]).includes(administratorRole),
        ),
      },
      pageTexts(visit.request),
    );
  }

  /** The account again, with what was wrong. */
  async function refusal(visit: Visit, name: OwnAccountMessage, response: AuthApiResponse): Promise<PageReply> {
    const page = await accountPage(visit, messageOf(visit.frame, visit.frame.texts.account.messages[name], response));
    return refusedChange(response, page);
  }

  async function askCode(visit: Visit, address: string, method: 'add' | 'renew'): Promise<PageReply> {
    const path = method === 'add' ? '/email' : '/email/verification';
    const response = await visit.call({ method: 'POST', path, body: { address, acceptsLongCode: true } });
    const { verificationCodeID: codeId, code } = response.json;
    if (response.status === 202 && typeof codeId === 'string')
      return show(
        confirmationPage(visit.frame, { action: 'verify-address', codeId, address, isLong: isLongIn(response) }),
      );
    const isTaken = code === 'key_duplicated';
    return await refusal(
      visit,
      isTaken ? 'addressTaken' : response.status === 404 ? 'gone' : 'addressInvalid',
      response,
    );
  }

  async function addKey(visit: Visit, form: URLSearchParams): Promise<PageReply> {
    const body = { name: textOf(form, 'name'), days: Number(textOf(form, 'days')) };
    const response = await visit.call({ method: 'POST', path: '/keypair', body });
    const { apiKey, apiSecret, verificationCodeID: codeId } = response.json;
    if (response.status !== 202 || typeof codeId !== 'string') return await refusal(visit, 'keyInvalid', response);
    const key = { apiKey: String(apiKey), apiSecret: String(apiSecret) };
    return show(confirmationPage(visit.frame, { action: 'verify-key', codeId, address: '', isLong: false }, key));
  }

  async function verify(visit: Visit, action: Confirmation['action'], form: URLSearchParams): Promise<PageReply> {
    const isLong = form.get('long') === '1';
    const confirmation = { action, codeId: textOf(form, 'codeId'), address: textOf(form, 'address'), isLong };
    const path = action === 'verify-key' ? '/keypair/verification' : '/email/verification';
    const body = { verificationCodeID: confirmation.codeId, code: codeIn(form) };
    const response = await visit.call({ method: 'PUT', path, body });
    if (response.status === 202) return redirect(paths.account);
    if (response.status === 404) return await refusal(visit, 'codeUsed', response);
    return refusedChange(
      response,
      confirmationPage({ ...visit.frame, message: faultOf(visit, confirmation, response) }, confirmation),
    );
  }

  async function change(visit: Visit, call: AuthApiCall): Promise<PageReply> {
    const response = await visit.call(call);
    return response.status === 202 ? redirect(paths.account) : await refusal(visit, 'gone', response);
  }

  return {
    showAccount: onVisit(async (visit) => show(await accountPage(visit, null))),
    changeAccount: onVisit(async (visit) => {
      const form = (await visit.request.readForm()) ?? new URLSearchParams();
      const action = form.get('action');
      const id = encodeURIComponent(textOf(form, 'id'));
      switch (action) {
        case 'verify-address':
        case 'verify-key':
          return await verify(visit, action, form);
        case 'remove-key':
          return await change(visit, { method: 'DELETE', path: `/keypair/${id}` });
        case 'end-session':
          return await change(visit, { method: 'DELETE', path: `/session/${id}` });
      }
      if (!visit.isRecent) return redirect(visit.signInAgain);
      switch (action) {
        case 'add-address':
          return await askCode(visit, textOf(form, 'address'), 'add');
        case 'renew-address':
          return await askCode(visit, textOf(form, 'address'), 'renew');
        case 'add-key':
          return await addKey(visit, form);
        case 'prefer-address':
          return await change(visit, {
            method: 'PUT',
            path: '/email/preferred',
            body: { emailID: textOf(form, 'id') },
          });
        case 'remove-address':
          return await change(visit, { method: 'DELETE', path: `/email/${id}` });
        default:
          return redirect(paths.account);
      }
    }),
  };
}

/** What was wrong with a code. For an address, waiting does not help, but a new code does: it is as long as it must be. */
function faultOf({ frame }: Visit, { action, isLong }: Confirmation, response: AuthApiResponse): string {
  const { messages: all, codes, account } = frame.texts;
  const { tooMany, codeWrong, codeMalformed } = account.messages;
  if (response.status === 401) return codeWrong;
  if (response.status !== 429) return isLong ? all.longCodeMalformed : codeMalformed;
  return action === 'verify-address' ? `${tooMany} ${codes.askAgain}` : messageOf(frame, tooMany, response);
}
