/** Prints mail instead of sending it: for demonstrations and for work at one's own machine. */
import type { CodePurpose } from '../store/code-store.ts';
import { describeNotice } from './compose-mail.ts';
import type { Outbox, OutgoingMail } from './outbox.ts';

export function createConsoleOutbox(print: (mail: OutgoingMail) => void): Outbox {
  return { send: print };
}

/** Writes a message as one box on standard output. */
export function printMail(mail: OutgoingMail): void {
  process.stdout.write(`${drawMail(mail)}\n`);
}

const meaning: Readonly<Record<CodePurpose, string>> = {
  session: 'to sign in',
  keypair: 'to create the API key',
  email: 'to verify the address',
};

/** The box, without a line break at its end. */
export function drawMail(mail: OutgoingMail): string {
  const lines =
    mail.kind === 'code'
      ? [
          `Mail to ${mail.to}`,
          `Code ${meaning[mail.purpose]}: ${mail.code} (valid for ${describeMinutes(mail.lifetimeMs)})`,
          `verificationCodeID: ${mail.codeId}`,
        ]
      : [
          `Mail to ${mail.to}`,
          mail.kind === 'welcome' ? 'An account was made for this address.' : describeNotice(mail),
        ];
  const width = Math.max(...lines.map((line) => line.length));
  const border = `+${'-'.repeat(width + 2)}+`;
  return [border, ...lines.map((line) => `| ${line.padEnd(width)} |`), border].join('\n');
}

function describeMinutes(durationMs: number): string {
  const minutes = Math.max(1, Math.round(durationMs / 60_000));
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
