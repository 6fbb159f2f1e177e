/** Layout of messages: plain text, and HTML without images, style sheets or scripts. */
import type { Language } from '../../core/request/preferred-language.ts';
import { escapeHtml } from './harmless-text.ts';

/** Parts of a message in reading order; null parts are omitted. */
export interface MailContent {
  readonly title: string;
  readonly opening: string;
  readonly code: string | null;
  readonly lifetime: string | null;
  /** Rows of name and value. */
  readonly facts: readonly (readonly [string, string])[];
  readonly closing: string;
}

export function drawText(content: MailContent): string {
  const { opening, code, lifetime, facts, closing } = content;
  const blocks = [
    opening,
    code === null ? null : `    ${code}`,
    lifetime,
    facts.length === 0 ? null : facts.map(([name, value]) => `${name}: ${value}`).join('\n'),
    closing,
  ];
  return `${blocks.filter((block) => block !== null).join('\n\n')}\n`;
}

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const codeFont = "font-family:ui-monospace,'Cascadia Mono',Menlo,Consolas,monospace";

/** Tables and inline styles are what every mail program understands. */
export function drawHtml(content: MailContent, language: Language): string {
  const { title, opening, code, lifetime, facts, closing } = content;
  const rows = [
    `<h1 style="margin:0 0 16px;font-size:20px;line-height:28px;font-weight:600;color:#111827">${escapeHtml(title)}</h1>`,
    paragraph(opening, '#111827'),
    code === null ? '' : drawCode(code),
    lifetime === null ? '' : paragraph(lifetime, '#111827'),
    facts.length === 0 ? '' : drawFacts(facts),
    paragraph(closing, '#4b5563'),
  ];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(title)}</title>
</head>
<body style="margin:0;padding:0;background:#f3f4f6">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f4f6">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:480px;background:#ffffff;border:1px solid #e5e7eb;border-radius:8px">
<tr><td style="padding:32px;${font};font-size:15px;line-height:24px">
${rows.filter((row) => row !== '').join('\n')}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}

function paragraph(text: string, color: string): string {
  return `<p style="margin:0 0 16px;color:${color}">${escapeHtml(text)}</p>`;
}

/** Longer ones would not fit into the width of a telephone. */
const maxLargeCode = 8;

function drawCode(code: string): string {
  const size = code.length > maxLargeCode ? 'font-size:20px;letter-spacing:1px' : 'font-size:32px;letter-spacing:6px';
  const look = `${codeFont};${size};line-height:40px;font-weight:700;color:#111827`;
  return `<p style="margin:0 0 16px;padding:16px;background:#f3f4f6;border-radius:6px;text-align:center;${look}">${escapeHtml(code)}</p>`;
}

function drawFacts(facts: MailContent['facts']): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="padding:4px 16px 4px 0;color:#4b5563;vertical-align:top;white-space:nowrap">${escapeHtml(name)}</td><td style="padding:4px 0;color:#111827;word-break:break-word">${escapeHtml(value)}</td></tr>`,
  );
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="margin:0 0 16px;font-size:14px;line-height:20px">
${rows.join('\n')}
</table>`;
}
