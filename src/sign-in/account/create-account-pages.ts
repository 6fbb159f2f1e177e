/**
 * Sign-in at the embedded Auth API: an address, then the code that is mailed to it, in the same browser. The sign-in itself is a transaction
 * as with any provider, so its return address, its one use and its browser are checked in the same place. No page tells whether an address
 * is known.
 */
import { callback, exchangeCode } from '../callback.ts';
import { newBrowser, readBrowser, setCookie } from '../cookies.ts';
import { type PageReply, type PageRequest, redirect, refuse, say, show } from '../page-request.ts';
import type { Page } from '../pages/page.ts';
import { paths, withQuery } from '../paths.ts';
import { homePath } from '../return-address.ts';
import { type CurrentSession, currentSession, outage, type SignInParts, startAddress } from '../sign-in-parts.ts';
import { meetsAcr } from '../step-up.ts';
import type { OpenedTransaction } from '../transaction.ts';
import type { AccountTexts, MessageName } from './account-texts.ts';
import type { AccountPages, Accounts } from './accounts.ts';
import { createAdministration } from './administration.ts';
import { type AuthApiCall, type AuthApiResponse, AuthApiUnavailable } from './auth-api-client.ts';
import { createDeviceCookie } from './device-cookie.ts';
import { codeIn, isLongIn, textOf } from './form-field.ts';
import { textsFor } from './languages.ts';
import { linkPage } from './link-page.ts';
import { createOwnAccount } from './own-account.ts';
import { createOwnPasskeys } from './own-passkeys.ts';
import { addressPage, codePage, type PageFrame, signUpPage } from './pages.ts';
import { passkeyScript } from './passkey-script.ts';
import { createPasskeyChallenges } from './passkey-sign-in.ts';
import { type AccountNames, createPendingCodes, type PendingCode } from './pending-codes.ts';
import { recoveryPage } from './recovery-pages.ts';
import { passkeyMessage, recoveryMessage, signUpMessage } from './refusal-messages.ts';
import { passkeyAcr, recoveryAcr } from './visit.ts';

/** A sign-in of this browser, and what its pages have in common. */
interface Step {
  readonly request: PageRequest;
  readonly form: URLSearchParams;
  readonly transaction: OpenedTransaction;
  readonly browser: string;
  readonly state: string;
  readonly texts: AccountTexts;
  readonly frame: PageFrame;
}

export function createAccountPages(parts: SignInParts, accounts: Accounts, secrets: readonly string[]): AccountPages {
  const { settings, provider, client } = accounts;
  const codes = createPendingCodes(secrets);
  const device = createDeviceCookie(parts.origin);
  const challenges = createPasskeyChallenges(secrets);
  const scriptUrl = settings.passkeys ? parts.origin + paths.passkeyScript : null;

  function beginAgain(target: string): PageReply {
    return redirect(startAddress(provider.name, target));
  }

  /** A form of another browser, or of a sign-in that took too long, begins again; the return address is kept. */
  function stepOf(request: PageRequest, form: URLSearchParams): Step | PageReply {
    const state = form.get('state') ?? '';
    const transaction = parts.transactions.open(state);
    const browser = readBrowser(request.rawHeaders, parts.cookies.browserCookie);
    if (transaction === null) return beginAgain(homePath);
    const place = { provider: provider.name, origin: parts.origin };
    if (!transaction.isGoodAt(place, browser)) return beginAgain(transaction.target);
    const texts = textsFor(request);
    const needsPasskey = scriptUrl !== null && transaction.acr?.includes(passkeyAcr) === true;
    const mayRecover = scriptUrl !== null && meetsAcr({ acr: recoveryAcr }, transaction.acr);
    const frame = { settings, texts, state, passkeyScript: scriptUrl, needsPasskey, mayRecover, message: null };
    return { request, form, transaction, browser, state, texts, frame };
  }

  function onPage(serve: (step: Step) => PageReply) {
    return (request: PageRequest): PageReply => {
      const step = stepOf(request, request.query);
      return 'status' in step ? step : serve(step);
    };
  }

  function onForm(serve: (step: Step) => Promise<PageReply>) {
    return async (request: PageRequest): Promise<PageReply> => {
      const step = stepOf(request, (await request.readForm()) ?? new URLSearchParams());
      if ('status' in step) return step;
      try {
        return await serve(step);
      } catch (error) {
        if (!(error instanceof AuthApiUnavailable)) throw error;
        return outage(request, startAddress(provider.name, step.transaction.target), error.message);
      }
    };
  }

  function call(
    { request: { address, userAgent }, texts: { language } }: Step,
    apiCall: AuthApiCall,
  ): Promise<AuthApiResponse> {
    return client.call({ ...apiCall, caller: { address, userAgent, language } });
  }

  /** The same for an address of no user; and, for a new account, for that of one. */
  function showCode(
    { transaction, frame }: Step,
    { email, account }: Pick<PendingCode, 'email' | 'account'>,
    response: AuthApiResponse,
  ): PageReply {
    const { json, status } = response;
    const { bearer, verificationCodeID: codeId } = json;
    const isLong = isLongIn(response);
    if (typeof bearer !== 'string' || typeof codeId !== 'string') {
      throw new AuthApiUnavailable(`POST: status ${status} without a bearer and the id of a code`);
    }
    const pending = { transaction: transaction.id, bearer, codeId, email, isLong, account };
    return show(codePage(frame, pending, codes.seal(pending)));
  }

  /** Where the Auth API knows no such code. */
  async function leaveCode(step: Step, { email, account }: PendingCode, response: AuthApiResponse): Promise<PageReply> {
    if (isOpenedBy(step.transaction, await currentSession(parts, step.request)))
      return redirect(step.transaction.target);
    if (account === null) return refusal(step, 'codeUsed', response, (frame) => addressPage(frame, email));
    return refusal(step, 'signUpExpired', response, (frame) => signUpPage(frame, { email, ...account }));
  }

  /** For a new account, whose address is not yet one that may sign in. */
  async function renewCode(step: Step, sealed: string): Promise<PageReply> {
    const pending = codes.open(sealed, step.transaction.id);
    if (pending === null) return beginAgain(step.transaction.target);
    const body = { verificationCodeID: pending.codeId, email: pending.email, acceptsLongCode: true };
    const response = await call(step, { method: 'POST', path: '/user/verification', body });
    if (response.status === 202) {
      const renewed = { ...pending, isLong: isLongIn(response) };
      return show(codePage(step.frame, renewed, codes.seal(renewed)));
    }
    const page = (frame: PageFrame) => codePage(frame, pending, sealed);
    if (response.status === 429) return refusal(step, 'tooManyRequests', response, page);
    return await leaveCode(step, pending, response);
  }

  /** As at the callback of a provider. */
  function returnOf({ request, state }: Step, bearer: string): PageRequest {
    const query = new URLSearchParams({ state, code: bearer });
    return { ...request, search: `?${query}`, query };
  }

  /** What works once must not be used up without a session, so the transaction is spent first; a refusal restores it for another attempt. */
  async function prove(
    step: Step,
    proof: Pick<AuthApiCall, 'path' | 'body'>,
    { again, refused }: { again(): PageReply; refused(response: AuthApiResponse): PageReply },
  ): Promise<PageReply> {
    const { request, transaction: begun, browser } = step;
    const current = await currentSession(parts, request);
    if (!(await parts.spent.spend(begun.id))) return isOpenedBy(begun, current) ? redirect(begun.target) : again();
    const response = await call(step, { method: 'POST', ...proof });
    const { bearer } = response.json;
    if (response.status === 202 && typeof bearer === 'string')
      return await exchangeCode(parts, provider, returnOf(step, bearer), { begun, browser, current });
    await parts.spent.restore(begun.id);
    return refused(response);
  }

  return {
    ...createOwnAccount(parts, accounts),
    ...createAdministration(parts, accounts),
    ...createOwnPasskeys(parts, accounts),
    beginAgain: () => beginAgain(homePath),
    showAddress: onPage(({ frame }) => show(addressPage(frame, ''))),
    showSignUp: onPage(({ frame }) => show(signUpPage(frame, { email: '', fullName: '', alias: '' }))),

    sendCode: onForm(async (step) => {
      const sealed = step.form.get('pending');
      if (sealed !== null) return await renewCode(step, sealed);
      const email = textOf(step.form, 'email');
      const body = { email, device: device.read(step.request) };
      const response = await call(step, { method: 'POST', path: '/session/device', body });
      if (response.status === 202) return showCode(step, { email, account: null }, response);
      const page = (frame: PageFrame) => addressPage(frame, email);
      return refusal(step, response.status === 429 ? 'tooManyRequests' : 'addressInvalid', response, page);
    }),

    signUp: onForm(async (step) => {
      const email = textOf(step.form, 'email');
      const account: AccountNames = { fullName: textOf(step.form, 'fullName'), alias: textOf(step.form, 'alias') };
      const fields = { email, ...account };
      const response = await call(step, { method: 'POST', path: '/user', body: { ...fields, acceptsLongCode: true } });
      if (response.status === 202) return showCode(step, { email, account }, response);
      return refusal(step, signUpMessage(response), response, (frame) => signUpPage(frame, fields));
    }),

    checkCode: onForm(async (step) => {
      const { request, form, transaction } = step;
      const sealed = form.get('pending') ?? '';
      const pending = codes.open(sealed, transaction.id);
      if (pending === null) return beginAgain(transaction.target);
      const { codeId, bearer, isLong } = pending;
      const again = (frame: PageFrame) => codePage(frame, pending, sealed);
      const body = { verificationCodeID: codeId, code: codeIn(form), device: device.read(request) };
      const response = await call(step, { method: 'PUT', path: '/session/device/verification', body });
      switch (response.status) {
        case 202: {
          const reply = await callback(parts, provider, returnOf(step, bearer));
          return { ...reply, headers: [...reply.headers, ...device.keep(response.json['device'])] };
        }
        case 404:
          return await leaveCode(step, pending, response);
        case 429:
          return refusal(step, 'tooManyCodes', response, again);
        case 401:
          return refusal(step, 'codeWrong', response, again);
        default:
          return refusal(step, isLong ? 'longCodeMalformed' : 'codeMalformed', response, again);
      }
    }),

    showRecovery: onPage(({ frame }) => show(recoveryPage(frame))),

    recover: onForm(async (step) => {
      if (!step.frame.mayRecover) return show(addressPage(step.frame, ''));
      const proof = { path: '/session/recovery', body: { code: codeIn(step.form) } };
      return await prove(step, proof, {
        again: () => beginAgain(step.transaction.target),
        refused: (response) => refusal(step, recoveryMessage(response), response, recoveryPage),
      });
    }),

    showLink(request) {
      const known = readBrowser(request.rawHeaders, parts.cookies.browserCookie);
      const browser = known ?? newBrowser();
      const wanted = { provider: provider.name, origin: parts.origin, target: paths.passkeys };
      const { state } = parts.transactions.begin({ ...wanted, attempt: 0, maxAgeS: null, acr: null }, browser);
      const frame = { settings, texts: textsFor(request), message: null };
      const cookie = known === null ? setCookie(parts.cookies.browserCookie, browser) : [];
      const reply = show(linkPage(frame, state, request.query.get('link') ?? ''));
      return { ...reply, headers: [...reply.headers, ...cookie] };
    },

    useLink: onForm(async (step) => {
      const link = step.form.get('link') ?? '';
      return await prove(
        step,
        { path: '/session/link', body: { link } },
        {
          again: () => redirect(withQuery(paths.link, { link })),
          refused(response) {
            const isBusy = response.status === 429;
            const name = isBusy ? 'tooManyPasskeys' : 'linkRejected';
            return refusal(step, name, response, (frame) => linkPage(frame, step.state, isBusy ? link : null));
          },
        },
      );
    }),

    showScript: () => say(passkeyScript, 'text/javascript'),

    offerPasskey: onForm(async (step) => {
      const response = await call(step, { method: 'POST', path: '/session/passkey/options', body: {} });
      return challenges.offer(step.transaction.id, response);
    }),

    checkPasskey: onForm(async (step) => {
      const { form, transaction } = step;
      const again = () => beginAgain(transaction.target);
      const credential = challenges.read(transaction.id, form);
      if (credential === null) return again();
      return await prove(
        step,
        { path: '/session/passkey', body: { credential } },
        {
          again,
          refused: (response) => refusal(step, passkeyMessage(response), response, (frame) => addressPage(frame, '')),
        },
      );
    }),
  };
}

/** The form was sent twice, and the first one has opened this session. The session of another person does not count. */
function isOpenedBy({ id }: OpenedTransaction, current: CurrentSession | null): boolean {
  return current?.session.transaction === id;
}

/** The page again, with what was wrong. */
function refusal(
  { frame, texts }: Step,
  name: MessageName,
  { status, retryAfterS }: AuthApiResponse,
  page: (frame: PageFrame) => Page,
): PageReply {
  const isBusy = status === 429;
  const seconds = retryAfterS ?? 60;
  // Waiting does not help a code, but a new one does: it is as long as it must be.
  const advice = name === 'tooManyCodes' ? texts.codes.askAgain : texts.wait(seconds);
  const message = isBusy ? `${texts.messages[name]} ${advice}` : texts.messages[name];
  const retry = isBusy ? ['retry-after', String(seconds)] : [];
  return refuse(isBusy ? 'authentication_throttled' : 'sign_in_failed', () => page({ ...frame, message }), null, retry);
}
