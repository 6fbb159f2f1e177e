/**
 * One-time links that `create-admin` prints: each opens one session, in which a passkey can be added. It has none of the roles that need one.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { noCredential } from '../credentials/credential-rule.ts';
import { limitGuess } from '../limits/limit-guesses.ts';
import { limitRequest } from '../limits/limit-mail.ts';
import { recognize } from '../limits/recognize.ts';
import { Refusal } from '../outcome/refusals.ts';
import { randomToken } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import { countClaims } from './issue-code.ts';
import { notifyOwner } from './notify-owner.ts';
import { openSession, verifiedResponse, verifiedSession } from './open-session.ts';
import { defineOperation } from './operation.ts';

export const linkLifetimeMs = 86_400_000;

const secretLength = 43;

const link = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[A-Za-z0-9]{43}$/)
  .describe('What the command printed, after `link=`');

/** The text of a new link, which ends the earlier one. Null: there is no such user. */
export async function newLink(userId: string, services: Services): Promise<string | null> {
  const { store, hashes, now } = services;
  const [id, secret] = [randomUUID(), randomToken(secretLength)];
  const countedAs = countClaims({ account: userId }, services);
  const stored = { id, secretHash: hashes.code(id, secret), countedAs, expireAtMs: now() + linkLifetimeMs };
  return (await store.links.replace(userId, stored)) ? `${id}.${secret}` : null;
}

/** P11: opens a session with a link, which is used up. */
export const createLinkSession = defineOperation({
  name: 'createLinkSession',
  summary: 'Opens a session with a one-time link of `rolegate auth-api create-admin`; its owner is notified',
  method: 'POST',
  paths: ['/session/link'],
  credential: noCredential,
  body: z.object({ link }),
  response: verifiedSession,
  refusals: ['link_rejected', 'attempts_exceeded'],
  async handle({ body, client }, services) {
    const tooMany = await limitRequest(client.ip, services);
    if (tooMany !== null) return tooMany;
    const { store, hashes, now } = services;
    const [id = '', secret = ''] = body.link.split('.');
    const live = await store.links.find(id, now());
    const userId = live !== null && hashes.isCode(live.secretHash, id, secret) ? live.userId : null;
    const recognized = await recognize({ ip: client.ip, kept: null }, userId, services);
    const guess = await limitGuess({ countedAs: null, client: recognized, familiarTo: userId }, services);
    if (guess instanceof Refusal) return guess;
    if (userId === null) return new Refusal('link_rejected');
    const opened = openSession({ userId, emailId: null }, 'link', client, services);
    if (!(await store.links.use(id, { ...opened.session, userId }, now()))) return new Refusal('link_rejected');
    await guess.succeeded();
    await notifyOwner('link_used', userId, client, services);
    return verifiedResponse(opened);
  },
});
