/** The record of a connection that was refused before there was a request: telemetry counts and logs it like others. */
import { type Reason, reasons } from '../../core/outcome/reasons.ts';
import type { RequestRecord } from '../../telemetry/request-record.ts';
import type { RefusedConnection } from '../shared/refuse-connection.ts';

export function connectionRecord(refused: RefusedConnection): RequestRecord {
  const now = performance.now();
  const { status }: Reason = reasons[refused.reason];
  return {
    door: 'proxy',
    decision: null,
    method: refused.method,
    path: '',
    host: '',
    status,
    reason: refused.reason,
    errorId: refused.errorId,
    requestId: '',
    client: refused.client,
    target: null,
    aborted: false,
    cut: false,
    startedAt: now,
    decidedAt: 0,
    answeredAt: 0,
    endedAt: now,
    bytesIn: 0,
    bytesOut: refused.bytesOut,
    cause: refused.cause,
    memory: null,
  };
}
