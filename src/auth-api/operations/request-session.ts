/** A request for a session by an address: the same work for an unknown one, whose code is not mailed. */
import type { Client } from '../../operations/operation.ts';
import { mustWait } from '../limits/limit-guesses.ts';
import { limitRequest, limitSignInMail } from '../limits/limit-mail.ts';
import { recognize } from '../limits/recognize.ts';
import { Refusal } from '../outcome/refusals.ts';
import type { Services } from '../services.ts';
import type { NewCode } from '../store/code-store.ts';
import { type Afterwards, inEqualTime, inOwnTime } from './equal-time.ts';
import { type CodeForm, countClaims, issueCode } from './issue-code.ts';
import { type OpenedSession, openSession } from './open-session.ts';

export interface RequestedSession {
  readonly opened: OpenedSession;
  readonly code: NewCode;
  readonly form: CodeForm;
}

interface SessionRequest {
  readonly email: string;
  /** What a device keeps to be known by; null: the client is known by its network, and its code has six digits at all times. */
  readonly kept: string | null;
}

export async function requestSession(
  request: SessionRequest,
  client: Client,
  services: Services,
): Promise<RequestedSession | Refusal> {
  const tooMany = await limitRequest(client.ip, services);
  if (tooMany !== null) return tooMany;
  const respond = services.rules.revealUnknownEmail ? inOwnTime : inEqualTime;
  return await respond((afterwards) => createSession(request, client, services, afterwards));
}

async function createSession(
  { email, kept }: SessionRequest,
  client: Client,
  services: Services,
  afterwards: Afterwards,
): Promise<RequestedSession | Refusal> {
  const { store, rules } = services;
  const address = await store.emails.findSignIn(email);
  if (address === null && rules.revealUnknownEmail) return new Refusal('email_unknown');
  const userId = address?.userId ?? null;
  const recognized = await recognize({ ip: client.ip, kept }, userId, services);
  // A decoy is charged like a mail, so that the limit reveals nothing.
  const limited = await limitSignInMail({ address: email, userId, client: recognized }, services);
  if (limited !== null) return limited;
  const claimant = userId === null ? { unknownAddress: email } : { account: userId };
  const guessed = { countedAs: countClaims(claimant, services), client: recognized };
  const form = kept !== null && (await mustWait(guessed, services)) ? 'long' : 'digits';
  // For an unknown address a decoy is stored, with the same work, and its code is checked like any other, so neither timing nor later
  // responses reveal it. Its code is not mailed.
  const opened = openSession(address, 'code', client, services);
  const code = issueCode('session', claimant, services, { form });
  await store.sessions.create(opened.session, code.stored);
  if (address !== null) afterwards(() => code.mailTo(address.address, client));
  return { opened, code: code.stored, form };
}
