/**
 * Recovery codes, for a user who has lost every passkey: each opens one session, in which a new passkey can be added. It has none of the roles
 * that need a passkey.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bearerOnly, noCredential } from '../credentials/credential-rule.ts';
import { limitGuess } from '../limits/limit-guesses.ts';
import { limitRequest } from '../limits/limit-mail.ts';
import { recognize } from '../limits/recognize.ts';
import { Refusal } from '../outcome/refusals.ts';
import { isPasskey } from '../passkeys/sign-in-methods.ts';
import { randomLongCode } from '../secrets/random-secret.ts';
import { longCode } from './fields.ts';
import { notifyOwner } from './notify-owner.ts';
import { openSession, verifiedResponse, verifiedSession } from './open-session.ts';
import { defineOperation } from './operation.ts';
import { refuseChange } from './passkeys.ts';

/** Of a set. */
const codesOfSet = 10;

/** P8: a new set of codes, shown once. A code by mail cannot make one: its codes would outlast the mailbox that was read. */
export const createRecoveryCodes = defineOperation({
  name: 'createRecoveryCodes',
  summary: 'Returns new recovery codes, once, and voids the earlier ones; requires a recent sign-in with a passkey',
  method: 'POST',
  paths: ['/recovery-codes'],
  credential: bearerOnly,
  response: z.object({ codes: z.array(longCode) }),
  refusals: ['passkey_required', 'sign_in_too_old', 'attempts_exceeded'],
  async handle({ caller, client }, services) {
    if (!isPasskey(caller.openedBy)) return new Refusal('passkey_required');
    const refused = await refuseChange(caller, services);
    if (refused !== null) return refused;
    const { store, hashes } = services;
    const codes = Array.from({ length: codesOfSet }, randomLongCode);
    const stored = codes.map((code) => ({ id: randomUUID(), codeHash: hashes.recoveryCode(code) }));
    await store.recoveryCodes.replace(caller.userId, stored);
    await notifyOwner('recovery_codes_created', caller.userId, client, services);
    return { codes };
  },
});

/** P9: how many are left. */
export const countRecoveryCodes = defineOperation({
  name: 'countRecoveryCodes',
  summary: "Returns the number of the caller's unused recovery codes that the present secrets can verify",
  method: 'GET',
  paths: ['/recovery-codes'],
  credential: bearerOnly,
  response: z.object({ unused: z.int() }),
  async handle({ caller }, { store, hashes }) {
    const unused = await store.recoveryCodes.hashes(caller.userId);
    return { unused: unused.filter(hashes.isVerifiableRecoveryCode).length };
  },
});

/** P10: opens a session with a code, which is used up. */
export const createRecoverySession = defineOperation({
  name: 'createRecoverySession',
  summary: 'Opens a session with a recovery code, which works once; its owner is notified',
  method: 'POST',
  paths: ['/session/recovery'],
  credential: noCredential,
  body: z.object({ code: longCode }),
  response: verifiedSession,
  refusals: ['recovery_code_rejected', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const { store, hashes } = services;
    const candidates = hashes.recoveryCodeCandidates(body.code);
    const userId = await store.recoveryCodes.findUser(candidates);
    // Not counted per account, as for passkeys: 80 bits cannot be guessed, and a wrong code is of no account.
    const recognized = await recognize({ ip: client.ip, kept: null }, userId, services);
    const guess = await limitGuess({ countedAs: null, client: recognized, familiarTo: userId }, services);
    if (guess instanceof Refusal) return guess;
    if (userId === null) return new Refusal('recovery_code_rejected');
    const opened = openSession({ userId, emailId: null }, 'recovery_code', client, services);
    if (!(await store.recoveryCodes.use(candidates, { ...opened.session, userId }))) {
      return new Refusal('recovery_code_rejected');
    }
    await guess.succeeded();
    await notifyOwner('recovery_code_used', userId, client, services);
    return verifiedResponse(opened);
  },
});
