/**
 * The tables as the queries see them. Types are those that SQLite and PostgreSQL share: ids and hashes are text, times are whole
 * milliseconds since the epoch, flags are 0 or 1.
 */
import type { OpenedBy } from '../session-store.ts';

type Flag = 0 | 1;

export interface Tables {
  readonly users: UserRow;
  readonly user_roles: { readonly user_id: string; readonly role: string };
  readonly user_groups: { readonly user_id: string; readonly group_name: string };
  readonly emails: EmailRow;
  readonly sessions: SessionRow;
  readonly keypairs: KeyPairRow;
  readonly codes: CodeRow;
  readonly passkeys: PasskeyRow;
  readonly recovery_codes: RecoveryCodeRow;
  readonly used_challenges: UsedChallengeRow;
}

interface UserRow {
  readonly id: string;
  readonly alias: string;
  /** The alias in the form for comparison; unique. */
  readonly alias_key: string;
  readonly full_name: string;
  readonly enabled: Flag;
  readonly created_at: number;
  /** Null once verified. */
  readonly verify_by: number | null;
}

interface EmailRow {
  readonly id: string;
  readonly user_id: string;
  readonly address: string;
  /** The address in the form for comparison; unique for each user, and among verified addresses. */
  readonly address_key: string;
  readonly preferred: Flag;
  readonly created_at: number;
  /** Null once verified. */
  readonly verify_by: number | null;
}

interface SessionRow {
  readonly id: string;
  /** Null for a decoy. */
  readonly user_id: string | null;
  readonly email_id: string | null;
  readonly bearer_hash: string;
  readonly ip: string;
  readonly user_agent: string;
  readonly opened_by: OpenedBy;
  /** Null: no passkey opened it. */
  readonly passkey_id: string | null;
  readonly verified: Flag;
  readonly created_at: number;
  /** Expiry once verified, as the client sees it. */
  readonly expire_at: number;
  /** When the row expires: the verification deadline, and after verification `expire_at`. */
  readonly ends_at: number;
}

interface KeyPairRow {
  readonly id: string;
  readonly user_id: string;
  readonly api_key: string;
  readonly secret_hash: string;
  readonly name: string;
  readonly verified: Flag;
  readonly created_at: number;
  readonly expire_at: number;
}

interface CodeRow {
  readonly id: string;
  readonly purpose: string;
  /** Id of the session, key pair or address that the code verifies. */
  readonly subject_id: string;
  /** Null for the code of a decoy. */
  readonly user_id: string | null;
  readonly code_hash: string;
  /** Keyed hash of the account or address whose failed verifications are counted together. */
  readonly counted_as: string;
  readonly tries: number;
  readonly expire_at: number;
}

interface PasskeyRow {
  readonly id: string;
  readonly user_id: string;
  /** As the authenticator chose it, in base64url; unique. */
  readonly credential_id: string;
  /** COSE key in base64url. */
  readonly public_key: string;
  /** The last signature counter; 0 for an authenticator that does not count. */
  readonly counter: number;
  readonly synced: Flag;
  readonly name: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

interface RecoveryCodeRow {
  readonly id: string;
  readonly user_id: string;
  readonly code_hash: string;
}

/** A challenge that was answered, until it expires. */
interface UsedChallengeRow {
  /** Keyed hash of the challenge. */
  readonly id: string;
  readonly expire_at: number;
}
