/** The reasons for refusals of the admin port. */
import { bearerOnly, challengesFor } from '../core/credential/challenges.ts';
import { type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { ReasonTable } from '../operations/refusal.ts';

export const adminReasons: ReasonTable<ReasonCode> = {
  reasons,
  urn: 'urn:rolegate:reason:',
  challenges: (code) => challengesFor(code, bearerOnly, null),
  closes: true,
};
