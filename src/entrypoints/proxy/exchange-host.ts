/** What the proxy does for its exchanges: refusals, answers to preflights, and the rest of bodies that nobody takes. */

import type { Allow, Decision } from '../../core/decision.ts';
import { refusalHeadersOf } from '../../core/forwarding/response-rules.ts';
import { type Reason, reasons } from '../../core/outcome/reasons.ts';
import type { Deadlines } from '../../upstream/deadline-wheel.ts';
import type { Exchange, ExchangeHost } from '../../upstream/exchange.ts';
import { drainBody, endAfterBody, maxDrainBytes } from '../shared/drain-body.ts';
import { writePreflight } from '../shared/write-preflight.ts';
import { writeRefusal } from '../shared/write-refusal.ts';

export interface ExchangeHostParts {
  readonly deadlines: Deadlines;
  draining(): boolean;
  decideAgain(exchange: Exchange): Decision | Promise<Decision>;
  mayBeRevoked(exchange: Exchange, granted: Allow, grantedAtMs: number): boolean;
  ended(exchange: Exchange): void;
}

export function createExchangeHost({ deadlines, draining, ...parts }: ExchangeHostParts): ExchangeHost {
  return {
    ...parts,
    get draining() {
      return draining();
    },
    refuse(exchange, reason) {
      const { req, res, decision } = exchange;
      const refused = decision?.outcome === 'refuse' ? decision : null;
      const rest = exchange.bodyPending;
      const tooLong = rest && (exchange.bodyLength < 0 || exchange.bodyLength > maxDrainBytes);
      const close = exchange.closesConnection || tooLong;
      const closes = close || (reasons[reason] as Reason).closes === true;
      if (closes) exchange.from.closing = true;
      exchange.bytesOut = writeRefusal(res, exchange.method, {
        reason,
        errorId: exchange.errorId!,
        retryAfterS: refused?.retryAfterS ?? null,
        allow: refused?.allow ?? null,
        condition: reason === 'condition_failed' ? (refused?.condition ?? null) : null,
        close,
        added: refusalHeadersOf(decision?.route ?? null, req.rawHeaders),
      });
      exchange.status = res.statusCode;
      if (rest && closes) {
        endAfterBody(req.source!, res, deadlines);
      } else {
        res.end();
        if (rest) drainBody(req.source!, deadlines);
      }
    },
    answerPreflight(exchange, headers) {
      const rest = exchange.bodyPending;
      const closes = rest || exchange.closesConnection;
      if (closes) exchange.from.closing = true;
      writePreflight(exchange.res, headers, closes);
      exchange.status = exchange.res.statusCode;
      if (rest) endAfterBody(exchange.req.source!, exchange.res, deadlines);
      else exchange.res.end();
    },
    drainBody: ({ req }) => drainBody(req.source!, deadlines),
  };
}
