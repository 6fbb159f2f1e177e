/** Keys under `mail`: the server that takes messages, and their sender. */
import { z } from 'zod';
import { parseMailbox } from '../units/parse-mailbox.ts';
import { exposes, neither } from './key-class.ts';
import { bool, Refusal, text } from './scalar.ts';
import { secret } from './secret.ts';

const senderExpected = 'the sender of mail, such as "Rolegate <no-reply@example.test>"';

export const mail = z.strictObject({
  smtp: exposes(
    secret('the URL of a mail server, such as "smtp://mail:587"'),
    'Server that takes mail: smtp:// (TLS by STARTTLS where it is offered; port 587) or smtps:// (TLS at once; port 465), with user and password if need be. Certificates are always checked.',
    { examples: ['smtp://127.0.0.1:25'] },
  ),
  from: neither(
    text(senderExpected, (value) => parseMailbox(value) ?? new Refusal(`expected ${senderExpected}`)),
    'Sender: an address, or a name with the address in angle brackets.',
    { examples: ['Rolegate <no-reply@example.test>'] },
  ),
  requireTls: exposes(
    bool().optional(),
    'Whether mail goes out only with TLS. If unset: when "smtp" holds a password and leads to another machine.',
    { examples: [true] },
  ),
});
