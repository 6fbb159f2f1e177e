/** The API key pairs of an account: a signed-in user creates, verifies, lists and ends them, and gateways read them. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bearerOnly, keyPairOnly } from '../credentials/credential-rule.ts';
import { refuseOldSignIn } from '../credentials/recent-sign-in.ts';
import { limitOwnMail } from '../limits/limit-mail.ts';
import { Refusal } from '../outcome/refusals.ts';
import { apiKeyLength, apiSecretLength, randomToken } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import type { NewKeyPair } from '../store/keypair-store.ts';
import { checkCode, codeRefusals } from './check-code.ts';
import { acknowledged, acknowledgement, expireAt, id, idParam, label, toSeconds, verification } from './fields.ts';
import { issueCode } from './issue-code.ts';
import { defineOperation } from './operation.ts';

/** Ten years. */
export const maxKeyDays = 3650;

const dayMs = 86_400_000;

/** K1: creates an API key pair. It works once the code that is sent to the preferred address has been verified. */
export const createKeyPair = defineOperation({
  name: 'createKeyPair',
  summary: 'Creates a key pair; the secret is returned once, and a code is mailed to the preferred address',
  method: 'POST',
  paths: ['/keypair'],
  credential: bearerOnly,
  body: z.object({ name: label(100), days: z.int().min(1).max(maxKeyDays) }),
  response: z.object({
    apiKey: z.string(),
    apiSecret: z.string(),
    keyID: id,
    keyName: z.string(),
    expireAt,
    verified: z.literal(false),
    verificationCodeID: id,
  }),
  refusals: ['sign_in_too_old', 'attempts_exceeded'],
  async handle({ caller, body, client }, services) {
    const { store } = services;
    const tooOld = refuseOldSignIn(caller, services, null);
    if (tooOld !== null) return tooOld;
    const address = await store.emails.findPreferred(caller.userId);
    // The account was removed during the request.
    if (address === null) return new Refusal('credential_rejected');
    const limited = await limitOwnMail(caller.userId, null, services);
    if (limited !== null) return limited;
    const { pair, apiSecret } = newKeyPair({ id: randomUUID(), userId: caller.userId, ...body }, services);
    const code = issueCode('keypair', { account: caller.userId }, services);
    await store.keyPairs.create(pair, code.stored);
    code.mailTo(address, client);
    return {
      apiKey: pair.apiKey,
      apiSecret,
      keyID: pair.id,
      keyName: pair.name,
      expireAt: toSeconds(pair.expireAtMs),
      verified: false as const,
      verificationCodeID: code.stored.id,
    };
  },
});

/** K2: verifies the code of one of the caller's key pairs, which makes the pair valid. */
export const verifyKeyPair = defineOperation({
  name: 'verifyKeyPair',
  summary: 'Verifies a key pair of the caller by its code',
  method: 'PUT',
  paths: ['/keypair/verification'],
  credential: bearerOnly,
  body: verification,
  response: acknowledgement,
  refusals: codeRefusals,
  async handle({ caller, body, client }, services) {
    const seen = { ip: client.ip, kept: null };
    const checked = await checkCode({ ...body, purpose: 'keypair', userId: caller.userId, client: seen }, services);
    if (checked instanceof Refusal) return checked;
    const keyId = await services.store.keyPairs.verify(body.verificationCodeID, services.now());
    if (keyId === null) return new Refusal('code_unknown');
    // A gateway may have cached the earlier rejection.
    services.revoked({ kind: 'keyPair', id: keyId });
    return acknowledged;
  },
});

const presented = z.string().min(1).max(256);

/** R1: requests a new code for one of the caller's unverified key pairs; the old code is void. */
export const renewKeyPairCode = defineOperation({
  name: 'renewKeyPairCode',
  summary: 'Sends a new code for an unverified key pair of the caller',
  method: 'POST',
  paths: ['/keypair/verification'],
  credential: bearerOnly,
  body: z.object({ apiKey: presented, apiSecret: presented }),
  response: z.object({ verificationCodeID: id }),
  refusals: ['keypair_unknown', 'attempts_exceeded'],
  async handle({ caller, body, client }, services) {
    const { store, hashes, now } = services;
    const { apiKey, apiSecret } = body;
    const address = await store.emails.findPreferred(caller.userId);
    if (address === null) return new Refusal('credential_rejected');
    // Counted regardless of the result, which also limits guesses of the secret.
    const limited = await limitOwnMail(caller.userId, null, services);
    if (limited !== null) return limited;
    const pair = await store.keyPairs.findPending(apiKey, caller.userId, now());
    const matches = hashes.isApiSecret(pair?.secretHash ?? null, apiKey, apiSecret);
    if (pair === null || !matches) return new Refusal('keypair_unknown');
    const code = issueCode('keypair', { account: caller.userId }, services);
    if (!(await store.keyPairs.renewCode(pair.keyId, code.stored))) return new Refusal('keypair_unknown');
    code.mailTo(address, client);
    return { verificationCodeID: code.stored.id };
  },
});

/** K3: identifies the owner of a key pair. Gateways call it for every unknown pair. */
export const readKeyPair = defineOperation({
  name: 'readKeyPair',
  summary: 'Returns the owner of the key pair, with current roles and groups',
  method: 'GET',
  paths: ['/keypair'],
  credential: keyPairOnly,
  response: z.object({
    apiKey: z.string(),
    keyID: id,
    keyName: z.string(),
    expireAt,
    verified: z.literal(true),
    userID: id,
    userName: z.string(),
    userAlias: z.string(),
    roles: z.array(z.string()),
    groups: z.array(z.string()),
  }),
  async handle({ caller }) {
    return {
      apiKey: caller.apiKey,
      keyID: caller.keyId,
      keyName: caller.name,
      expireAt: toSeconds(caller.expireAtMs),
      verified: true as const,
      userID: caller.userId,
      userName: caller.fullName,
      userAlias: caller.alias,
      roles: [...caller.roles],
      groups: [...caller.groups],
    };
  },
});

const entry = z.object({ apiKey: z.string(), keyID: id, keyName: z.string(), expireAt, verified: z.boolean() });

/** K4: lists the caller's key pairs, verified or not. */
export const listKeyPairs = defineOperation({
  name: 'listKeyPairs',
  summary: "Lists the caller's key pairs, without secrets",
  method: 'GET',
  paths: ['/keypairs'],
  credential: bearerOnly,
  response: z.object({ keys: z.array(entry) }),
  async handle({ caller }, { store, now }) {
    const pairs = await store.keyPairs.list(caller.userId, now());
    return {
      keys: pairs.map((pair) => ({
        apiKey: pair.apiKey,
        keyID: pair.keyId,
        keyName: pair.name,
        expireAt: toSeconds(pair.expireAtMs),
        verified: pair.verified,
      })),
    };
  },
});

/** K5: ends one of the caller's key pairs. */
export const revokeKeyPair = defineOperation({
  name: 'revokeKeyPair',
  summary: 'Ends a key pair of the caller at once',
  method: 'DELETE',
  paths: ['/keypair/{id}'],
  credential: bearerOnly,
  params: idParam,
  response: acknowledgement,
  refusals: ['keypair_unknown'],
  async handle({ caller, params }, { store, revoked }) {
    if (!(await store.keyPairs.remove(params.id, caller.userId))) return new Refusal('keypair_unknown');
    revoked({ kind: 'keyPair', id: params.id });
    return acknowledged;
  },
});

/** `apiSecret` is shown once; only its hash is in `pair`. */
export function newKeyPair(
  wanted: { readonly id: string; readonly userId: string; readonly name: string; readonly days: number },
  services: Pick<Services, 'hashes' | 'now'>,
): { readonly pair: NewKeyPair; readonly apiSecret: string } {
  const apiKey = randomToken(apiKeyLength);
  const apiSecret = randomToken(apiSecretLength);
  const createdAtMs = services.now();
  const pair = {
    id: wanted.id,
    userId: wanted.userId,
    apiKey,
    secretHash: services.hashes.apiSecret(apiKey, apiSecret),
    name: wanted.name,
    createdAtMs,
    expireAtMs: createdAtMs + wanted.days * dayMs,
  };
  return { pair, apiSecret };
}
