/**
 * A person's own passkeys, by the bearer in the session: the list, and how to add, rename and remove one. To add and to remove need a recent
 * sign-in, which the Auth API demands, too.
 */
import { deviceName } from '../../core/request/device-name.ts';
import { pageTexts } from '../page-look.ts';
import { type PageReply, redirect, refuse, sayJson, show } from '../page-request.ts';
import { paths } from '../paths.ts';
import type { SignInParts } from '../sign-in-parts.ts';
import type { OwnPasskeyMessage } from './account-texts.ts';
import type { AccountPages, Accounts } from './accounts.ts';
import type { AuthApiCall, AuthApiResponse } from './auth-api-client.ts';
import { textOf } from './form-field.ts';
import { ownPasskeysPage } from './own-passkeys-page.ts';
import { busy, parseObject } from './passkey-sign-in.ts';
import { recoveryCodesPage } from './recovery-pages.ts';
import { messageOf, refusedChange } from './refused-change.ts';
import { createVisits, listIn, namesIn, type Visit } from './visit.ts';

export function createOwnPasskeys(
  parts: SignInParts,
  accounts: Accounts,
): Pick<AccountPages, 'showPasskeys' | 'changePasskeys' | 'offerNewPasskey' | 'createRecoveryCodes'> {
  const onVisit = createVisits(parts, accounts);

  async function passkeysPage(visit: Visit, message: string | null) {
    const { request, isRecent, isByCode, signInAgain, signInToRecover } = visit;
    const passkeys = listIn(await visit.call({ method: 'GET', path: '/passkeys' }), 'passkeys');
    const unused = Number((await visit.call({ method: 'GET', path: '/recovery-codes' })).json['unused'] ?? 0);
    return ownPasskeysPage(
      { ...visit.frame, message },
      {
        name: visit.name,
        passkeys: passkeys.map(({ passkeyID, passkeyName, createdAt, lastUsedAt, synced }) => ({
          id: String(passkeyID),
          name: String(passkeyName),
          createdAtS: Number(createdAt),
          lastUsedAtS: typeof lastUsedAt === 'number' ? lastUsedAt : null,
          isSynced: synced === true,
        })),
        newName: deviceName(request.userAgent, pageTexts(request)),
        signIn: isByCode && passkeys.length > 0 ? 'passkey' : isRecent ? null : 'any',
        signInAddress: isByCode && passkeys.length > 0 ? signInToRecover : signInAgain,
        unusedCodes: passkeys.length === 0 && unused === 0 ? null : unused,
        mayCreateCodes: visit.isByPasskey && isRecent,
        scriptUrl: parts.origin + paths.passkeyScript,
      },
    );
  }

  async function change(visit: Visit, call: AuthApiCall): Promise<PageReply> {
    const response = await visit.call(call);
    if (response.status === 202) return redirect(paths.passkeys);
    if (response.json['code'] === 'passkey_required') return redirect(visit.signInToRecover);
    const message = messageOf(visit.frame, visit.frame.texts.passkeys.messages[messageFor(response)], response);
    return refusedChange(response, await passkeysPage(visit, message));
  }

  return {
    showPasskeys: onVisit(async (visit) => show(await passkeysPage(visit, null))),

    offerNewPasskey: onVisit(async (visit) => {
      const response = await visit.call({ method: 'POST', path: '/passkey/options', body: {} });
      if (response.status === 429) return busy(response.retryAfterS);
      if (response.status !== 202) return refuse('account_unchanged', () => ({ body: '', headers: [] }));
      return sayJson({ options: response.json['options'] });
    }),

    createRecoveryCodes: onVisit(async (visit) => {
      // The page of passkeys says what is missing.
      if (!visit.isRecent || !visit.isByPasskey) return redirect(paths.passkeys);
      const response = await visit.call({ method: 'POST', path: '/recovery-codes', body: {} });
      if (response.status === 202) return show(recoveryCodesPage(visit.frame, namesIn(response.json['codes'])));
      if (response.status !== 429) return redirect(paths.passkeys);
      return refusedChange(response, await passkeysPage(visit, messageOf(visit.frame, '', response)));
    }),

    changePasskeys: onVisit(async (visit) => {
      const form = (await visit.request.readForm()) ?? new URLSearchParams();
      const path = `/passkey/${encodeURIComponent(textOf(form, 'id'))}`;
      const name = textOf(form, 'name');
      const action = form.get('action');
      if (action === 'rename') return await change(visit, { method: 'PUT', path, body: { name } });
      if (!visit.isRecent) return redirect(visit.signInAgain);
      switch (action) {
        case 'add': {
          const credential = parseObject(form.get('credential') ?? '');
          return await change(visit, { method: 'POST', path: '/passkey', body: { name, credential } });
        }
        case 'remove':
          return await change(visit, { method: 'DELETE', path });
        default:
          return redirect(paths.passkeys);
      }
    }),
  };
}

function messageFor({ status, json: { code, invalid } }: AuthApiResponse): OwnPasskeyMessage {
  if (code === 'passkeys_exceeded') return 'tooMany';
  if (Array.isArray(invalid) && invalid.includes('name')) return 'nameInvalid';
  return status === 404 || code === 'id_invalid' ? 'gone' : 'invalid';
}
