/** Sends mail through an SMTP server asynchronously: handing over a mail never waits for the server. */
import { randomUUID } from 'node:crypto';
import type { MailConfig } from '../../config/config.ts';
import { clientNetwork } from '../../core/forwarding/client-address.ts';
import type { MailOutcome } from '../../telemetry/auth-api-events.ts';
import type { AuthApiLog } from '../events.ts';
import { composeMail } from './compose-mail.ts';
import { createMailQueue, type QueuedMail } from './mail-queue.ts';
import type { OpenOutbox, OutgoingMail } from './outbox.ts';
import { createSmtpDelivery, type DeliveryTimes } from './smtp-delivery.ts';

export interface SmtpOutboxOptions {
  readonly log: AuthApiLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly observe: (outcome: MailOutcome) => void;
  readonly limits?: Partial<SmtpOutboxLimits>;
}

export interface SmtpOutboxLimits extends DeliveryTimes {
  /** Maximum waiting mails. */
  readonly capacity: number;
  readonly attemptMs: number;
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** How long waiting mail is sent after the outbox is closed. */
  readonly graceMs: number;
}

export const defaultSmtpLimits: SmtpOutboxLimits = {
  capacity: 1_000,
  connectMs: 5_000,
  silenceMs: 10_000,
  attemptMs: 20_000,
  firstPauseMs: 1_000,
  maxPauseMs: 30_000,
  graceMs: 2_000,
};

/** As many as there are connections. */
const concurrency = 4;
/** It has no code that expires, so the wait is limited. */
const welcomeLifeMs = 24 * 3_600_000;

interface Waiting extends QueuedMail {
  readonly mail: OutgoingMail;
}

export function createSmtpOutbox(config: MailConfig, options: SmtpOutboxOptions): OpenOutbox {
  const { log, now, observe } = options;
  const limits = { ...defaultSmtpLimits, ...options.limits };
  const delivery = createSmtpDelivery(config, limits);
  const queue = createMailQueue<Waiting>({
    now,
    capacity: limits.capacity,
    concurrency,
    attemptMs: limits.attemptMs,
    pauseMs: { first: limits.firstPauseMs, longest: limits.maxPauseMs },
    deliver: ({ id, mail, queuedAtMs }, signal) =>
      delivery.deliver({ id, to: mail.to, ...composeMail(mail, queuedAtMs) }, signal),
    ended({ id, mail, queuedAtMs }, outcome, attempts, result) {
      observe(outcome);
      const kind = mail.kind === 'code' ? mail.purpose : mail.kind === 'notice' ? mail.notice : mail.kind;
      const fault = result !== null && 'fault' in result ? result.fault : {};
      const fields = { mailId: id, mail: kind, outcome, attempts, ageMs: now() - queuedAtMs, ...fault };
      if (outcome === 'sent') log.info(fields, 'mail sent');
      else if (outcome === 'retried') log.warn(fields, 'mail could not be sent yet');
      else log.error(fields, 'mail is lost');
    },
  });
  return {
    send(mail) {
      const queuedAtMs = now();
      const lifeMs = mail.kind === 'code' ? mail.lifetimeMs : welcomeLifeMs;
      const client = mail.kind === 'welcome' ? '' : clientNetwork(mail.requester.ip);
      queue.add({ id: randomUUID(), mail, client, queuedAtMs, endsAtMs: queuedAtMs + lifeMs });
    },
    state: () => ({ queued: queue.size(), failing: queue.failing() }),
    async close() {
      const left = await queue.close(limits.graceMs);
      delivery.close();
      for (let at = 0; at < left; at += 1) observe('abandoned');
      if (left > 0) log.warn({ mails: left }, 'mails were left behind');
    },
  };
}
