/** Sessions that a passkey opens, without an address and without a mail. */
import { z } from 'zod';
import { noCredential } from '../credentials/credential-rule.ts';
import { limitGuess } from '../limits/limit-guesses.ts';
import { limitRequest } from '../limits/limit-mail.ts';
import { recognize } from '../limits/recognize.ts';
import { Refusal } from '../outcome/refusals.ts';
import { createChallenge, readChallenge } from '../passkeys/challenge.ts';
import { challengeIn, signedCredential } from '../passkeys/public-key-credential.ts';
import { requestOptions, verifySigned } from '../passkeys/webauthn.ts';
import { passkeySettings } from '../services.ts';
import { openSession, verifiedResponse, verifiedSession } from './open-session.ts';
import { defineOperation } from './operation.ts';
import { browserOptions } from './passkeys.ts';

/** P6: options with which a browser requests a passkey of any user. */
export const prepareSignIn = defineOperation({
  name: 'prepareSignIn',
  summary: 'Returns the options with which a browser requests a passkey',
  method: 'POST',
  paths: ['/session/passkey/options'],
  credential: noCredential,
  response: z.object({ options: browserOptions }),
  refusals: ['attempts_exceeded'],
  async handle({ client }, services) {
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const options = await requestOptions(passkeySettings(services), createChallenge(['sign-in'], services));
    return { options: options as z.infer<typeof browserOptions> };
  },
});

/** P7: opens a session for the owner of the passkey that signed the challenge. */
export const createPasskeySession = defineOperation({
  name: 'createPasskeySession',
  summary: 'Opens a session with a passkey; the bearer is valid at once',
  method: 'POST',
  paths: ['/session/passkey'],
  credential: noCredential,
  body: z.object({ credential: signedCredential }),
  response: verifiedSession,
  refusals: ['passkey_rejected', 'passkey_cloned', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const { store, hashes, now } = services;
    const passkey = await store.passkeys.findSignIn(body.credential.id);
    const userId = passkey?.userId ?? null;
    const recognized = await recognize({ ip: client.ip, kept: null }, userId, services);
    // From a familiar network, per passkey. Strangers are counted by their network alone: a signature cannot be guessed, and they could keep
    // the owner out.
    const isFamiliar = passkey !== null && recognized.knownBy !== null;
    const countedAs = isFamiliar ? hashes.attemptsOf('passkey', passkey.passkeyId) : null;
    const guess = await limitGuess({ countedAs, client: recognized, familiarTo: userId }, services);
    if (guess instanceof Refusal) return guess;
    const challenge = challengeIn(body.credential);
    const answered = challenge && readChallenge(challenge, ['sign-in'], services);
    if (passkey === null || !challenge || !answered) return new Refusal('passkey_rejected');
    const counter = await verifySigned(passkeySettings(services), body.credential, passkey, challenge);
    if (counter === null) return new Refusal('passkey_rejected');
    const openedBy = passkey.synced ? 'synced_passkey' : 'device_passkey';
    const opened = openSession({ userId: passkey.userId, emailId: null }, openedBy, client, services);
    const signature = { counter, atMs: now(), challenge: answered };
    const outcome = await store.passkeys.use(passkey.passkeyId, signature, opened.session);
    if (outcome === 'cloned') return new Refusal('passkey_cloned');
    if (outcome !== 'done') return new Refusal('passkey_rejected');
    await guess.succeeded();
    return verifiedResponse(opened);
  },
});
