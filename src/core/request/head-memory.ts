/**
 * What was read out of the headers of a request. Clients repeat their headers on a connection, byte for byte; a door that
 * has seen so gives the same memory with the same array of headers, and what hangs on them alone is read once. Each
 * reading stands with everything else that it was read by, and holds for that alone.
 */
import type { Credential, CredentialSources } from '../credential/credential.ts';
import type { RequestLines } from '../forwarding/request-lines.ts';
import type { ViaRule } from '../forwarding/via.ts';
import type { ReasonCode } from '../outcome/reasons.ts';

/** The one authority of a request, and its host. */
interface Addressed {
  readonly method: string;
  readonly httpVersion: string;
  readonly via: ViaRule | undefined;
  readonly authority: string;
  readonly host: string;
}

interface Presented {
  readonly method: string;
  readonly authority: string;
  readonly sources: CredentialSources;
  readonly credential: Credential | null | ReasonCode;
}

export class HeadMemory {
  addressed: Addressed | null = null;
  presented: Presented | null = null;
  lines: RequestLines | null = null;
}
