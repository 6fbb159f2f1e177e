/**
 * The headers of a request to the upstream as the text that is sent. On a connection they are mostly those of the
 * request before, but for the id: so the text around it is kept, with all that it was made by.
 */
import type { Identity } from '../identity/identity.ts';
import type { Allow } from '../outcome/decision.ts';
import type { HeadMemory } from '../request/head-memory.ts';
import type { ClientFacts } from './client-facts.ts';
import { countLines } from './count-lines.ts';
import { appendRequestHeaders, type ForwardingRules } from './request-headers.ts';

/** Text before and after the id of the request, and everything that `appendRequestHeaders` made it by beside the headers. */
export interface RequestLines {
  readonly before: string;
  readonly after: string;
  readonly rules: ForwardingRules;
  readonly identity: Identity | null;
  readonly forwardCredentials: boolean;
  readonly stale: boolean;
  readonly authority: string;
  readonly client: string;
  readonly forwardedFor: string;
  readonly proto: string;
  readonly forwardedHost: string;
}

/** What no line holds (RFC 9110 section 5.5); the text around the id was looked at when it was made. */
const notInLine = /[^\t\x20-\x7e\x80-\xff]/;

/** Each line with its CR LF. Null: there would be a line, or a character, that does not belong there. */
export function requestLines(
  rules: ForwardingRules,
  decision: Allow,
  rawHeaders: readonly string[],
  facts: ClientFacts,
  memory: HeadMemory,
): string | null {
  const { requestId } = facts;
  let lines = memory.lines;
  if (lines === null || !holdsFor(lines, rules, decision, facts)) {
    lines = makeLines(rules, decision, rawHeaders, facts);
    if (lines === null) return null;
    memory.lines = lines;
  }
  return notInLine.test(requestId) ? null : lines.before + requestId + lines.after;
}

function holdsFor(lines: RequestLines, rules: ForwardingRules, decision: Allow, facts: ClientFacts): boolean {
  return (
    lines.rules === rules &&
    lines.identity === decision.identity &&
    lines.forwardCredentials === decision.route.traits.forwardCredentials &&
    lines.stale === decision.stale &&
    lines.authority === decision.request.authority &&
    lines.client === facts.client &&
    lines.forwardedFor === facts.forwardedFor &&
    lines.proto === facts.proto &&
    lines.forwardedHost === facts.forwardedHost
  );
}

function makeLines(
  rules: ForwardingRules,
  decision: Allow,
  rawHeaders: readonly string[],
  facts: ClientFacts,
): RequestLines | null {
  const headers: string[] = [];
  appendRequestHeaders(headers, rules, decision, rawHeaders, facts);
  let before = '';
  let after = '';
  let found = false;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    // The client's own never passes, so that there is one.
    if (name === 'x-request-id') {
      before = `${after}${name}: `;
      after = '\r\n';
      found = true;
    } else {
      after += `${name}: ${headers[i + 1]!}\r\n`;
    }
  }
  // Looked at one by one, which also makes each one piece: of many, each request would join them again.
  const [linesBefore, linesAfter] = [countLines(before), countLines(after)];
  if (!found || linesBefore < 0 || linesAfter < 0 || linesBefore + linesAfter !== headers.length / 2) return null;
  const { client, forwardedFor, proto, forwardedHost } = facts;
  return {
    before,
    after,
    rules,
    identity: decision.identity,
    forwardCredentials: decision.route.traits.forwardCredentials,
    stale: decision.stale,
    authority: decision.request.authority,
    client,
    forwardedFor,
    proto,
    forwardedHost,
  };
}
