/** Refuses bytes that are not a request: the response, and the record for log and metrics. */
import { randomUUID } from 'node:crypto';
import { type Reason, type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { RequestFault } from '../http1/server/request.ts';
import type { ConnectionFault } from '../http1/server/server.ts';
import type { ObserveRequest, RequestRecord } from '../telemetry/request-record.ts';
import { type Client, knownAddress } from './client.ts';
import { refusalText } from './own-response.ts';

/** Why a connection without a request, or a request that does not arrive whole, is refused. */
const reasonsOfFaults: Readonly<Record<ConnectionFault | RequestFault, ReasonCode>> = {
  malformed: 'request_malformed',
  framing: 'header_invalid',
  coding: 'transfer_coding_unsupported',
  http2: 'http2_on_plain_port',
  tls: 'tls_on_plain_port',
  head_too_large: 'headers_too_large',
  timeout: 'request_timeout',
  overloaded: 'overloaded',
  unread: 'request_timeout',
};

export function reasonOfFault(fault: ConnectionFault | RequestFault): ReasonCode {
  return reasonsOfFaults[fault];
}

/** Returns the whole response. */
export function refuseConnection(
  fault: ConnectionFault,
  client: Client,
  entrypoint: RequestRecord['entrypoint'],
  report: ObserveRequest,
): string {
  const reason = reasonOfFault(fault);
  const errorId = randomUUID();
  const { text, bytesOut } = refusalText(reason, errorId, client.listener);
  report(connectionRecord(reason, errorId, client, entrypoint, bytesOut));
  return text;
}

/** Record of a connection that was refused before a request, for log and metrics. */
function connectionRecord(
  reason: ReasonCode,
  errorId: string,
  client: Client,
  entrypoint: RequestRecord['entrypoint'],
  bytesOut: number,
): RequestRecord {
  const now = performance.now();
  const { status }: Reason = reasons[reason];
  return {
    entrypoint,
    dialect: null,
    decision: null,
    method: '',
    path: '',
    host: '',
    status,
    reason,
    errorId,
    requestId: '',
    traceId: null,
    trace: null,
    client: knownAddress(client),
    userAgent: '',
    target: null,
    aborted: false,
    cut: false,
    startedAt: now,
    decidedAt: 0,
    respondedAt: 0,
    endedAt: now,
    bytesIn: 0,
    bytesOut,
    cause: null,
  };
}
