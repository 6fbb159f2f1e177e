/** The members of a request's log line that say why it was refused or failed. */
import { conditionOf, reasonOf, recordedReasons } from '../request-outcome.ts';
import type { RequestRecord } from '../request-record.ts';
import { asciiJson, boundedJson } from './ascii-json.ts';
import { redactValue } from './redaction.ts';

/** Maximum lengths, in UTF-16 units. */
const maxLength = { name: 1024, detail: 512 } as const;

export function reasonMembers(record: RequestRecord): string {
  const reason = reasonOf(record);
  if (reason === null) return '';
  const condition = conditionOf(record);
  const members = `,"reason":"${reason}","fault":"${recordedReasons[reason].fault}"`;
  return condition === null ? members : `${members},"condition":"${condition}"`;
}

/** Fixed words, codes, and names from the configuration: `detail` may contain a content type of the Auth API. */
export function authApiMember({ decision }: RequestRecord): string {
  if (decision?.outcome !== 'refuse') return '';
  const { failure, rejection } = decision;
  if (rejection !== null) return `,"rejection":"${rejection}"`;
  if (failure === null) return '';
  const { source, url, kind, detail } = failure;
  return `,"authApi":{"source":${boundedJson(source, maxLength.name)},"url":${boundedJson(url, maxLength.name)},"kind":"${kind}","detail":${boundedJson(detail, maxLength.detail)}}`;
}

/** Whatever was thrown, without secrets. */
export function causeMember({ decision, cause }: RequestRecord): string {
  const thrown = cause ?? (decision?.outcome === 'refuse' ? decision.cause : null) ?? null;
  const json = thrown === null ? undefined : JSON.stringify(redactValue(thrown));
  return json === undefined ? '' : `,"err":${asciiJson(json)}`;
}
