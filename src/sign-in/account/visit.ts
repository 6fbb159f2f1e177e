/** A person with a session of the Auth API at one of its pages. Without one, the page leads to the sign-in, which comes back to it. */
import { type PageReply, type PageRequest, redirect } from '../page-request.ts';
import { currentSession, isGoodFor, outage, type SignInParts, startAddress } from '../sign-in-parts.ts';
import type { Accounts } from './accounts.ts';
import { type AuthApiCall, type AuthApiResponse, AuthApiUnavailable } from './auth-api-client.ts';
import { textsFor } from './languages.ts';
import type { Frame } from './pages.ts';

export interface Visit {
  readonly request: PageRequest;
  readonly frame: Frame;
  readonly name: string;
  /** Whether the sign-in is recent enough for changes. */
  readonly isRecent: boolean;
  /** Whether it was by a code that was mailed, which is not enough for everything. */
  readonly isByCode: boolean;
  readonly isByPasskey: boolean;
  /** Address of a recent one, which comes back to this page. */
  readonly signInAgain: string;
  /** Address of a recent one with a passkey; or with a recovery code, where that is enough. */
  readonly signInByPasskey: string;
  readonly signInToRecover: string;
  /** With the bearer of the session. */
  call(call: AuthApiCall): Promise<AuthApiResponse>;
}

/** Of the Auth API: may use its operations for administrators. */
export const administratorRole = 'users_admin';

/** How the Auth API calls these ways to sign in (`acr`). */
const codeAcr = 'urn:rolegate:acr:code';
export const passkeyAcr = 'phr';
export const recoveryAcr = 'urn:rolegate:acr:recovery';

type Serve = (visit: Visit) => Promise<PageReply>;

/** The bearer of the session has ended at the Auth API. */
class SessionEnded extends Error {}

export function createVisits(
  parts: SignInParts,
  { settings, provider, client }: Accounts,
): (serve: Serve) => (request: PageRequest) => Promise<PageReply> {
  const recent = { maxAgeS: settings.recentSignInMs / 1000, acr: null };
  return (serve) => async (request) => {
    const here = request.path + request.search;
    const signIn = () => redirect(startAddress(provider.name, here));
    const current = await currentSession(parts, request);
    const bearer = current?.session.tokens.access ?? null;
    if (current === null || bearer === null || current.session.provider !== provider.name) return signIn();
    const { preferred_username: alias, name, acr } = current.session.claims;
    const { address, userAgent } = request;
    const texts = textsFor(request);
    const caller = { address, userAgent, language: texts.language };
    const visit: Visit = {
      request,
      frame: { settings, texts, message: null },
      name: [name, alias].find((one) => typeof one === 'string') ?? current.session.subject,
      isRecent: isGoodFor(current, [provider.name], recent, parts.now()),
      isByCode: acr === codeAcr,
      isByPasskey: acr === passkeyAcr,
      signInAgain: startAddress(provider.name, here, recent),
      signInByPasskey: startAddress(provider.name, here, { ...recent, acr: [passkeyAcr] }),
      signInToRecover: startAddress(provider.name, here, { ...recent, acr: [passkeyAcr, recoveryAcr] }),
      async call(call) {
        const response = await client.call({ ...call, bearer, caller });
        const isEnded = response.status === 401 && response.json['code'] === 'credential_rejected';
        if (isEnded) throw new SessionEnded();
        return response;
      },
    };
    try {
      return await serve(visit);
    } catch (error) {
      if (error instanceof SessionEnded) return signIn();
      if (!(error instanceof AuthApiUnavailable)) throw error;
      return outage(request, here, error.message);
    }
  };
}

/** A list in a response of the Auth API. */
export function listIn({ json, status }: AuthApiResponse, name: string): readonly Readonly<Record<string, unknown>>[] {
  const list = json[name];
  if (status !== 200 || !Array.isArray(list)) throw new AuthApiUnavailable(`status ${status}, or no list of ${name}`);
  return list as readonly Readonly<Record<string, unknown>>[];
}

/** Roles or addresses in a response of the Auth API. */
export function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}
